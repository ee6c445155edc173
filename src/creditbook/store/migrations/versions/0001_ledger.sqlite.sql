-- The ledger's tables as the first migration made them (SQLite). Frozen: later changes are later migrations.

CREATE TABLE id_source (
	id INTEGER NOT NULL CONSTRAINT ck_id_source_one_row CHECK (id = 1),
	next_id INTEGER NOT NULL CONSTRAINT ck_id_source_rises CHECK (next_id > 0),
	CONSTRAINT pk_id_source PRIMARY KEY (id)
) STRICT;

INSERT INTO id_source (id, next_id) VALUES (1, 1);

CREATE TABLE organization (
	org_id INTEGER NOT NULL,
	slug TEXT NOT NULL,
	name TEXT NOT NULL,
	zone TEXT NOT NULL,
	currency TEXT NOT NULL,
	program_id INTEGER NOT NULL,
	closed_through TEXT,
	is_sample INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	CONSTRAINT pk_organization PRIMARY KEY (org_id),
	CONSTRAINT uq_organization_slug UNIQUE (slug),
	CONSTRAINT ck_organization_is_sample_is_0_or_1 CHECK (is_sample IN (0, 1))
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE account (
	org_id INTEGER NOT NULL,
	account_id INTEGER NOT NULL,
	name TEXT NOT NULL,
	kind TEXT NOT NULL CONSTRAINT ck_account_kind CHECK (kind IN ('member', 'pool')),
	pool_id INTEGER,
	status TEXT NOT NULL CONSTRAINT ck_account_status CHECK (status IN ('active', 'frozen', 'closed')),
	zone TEXT,
	"plan" TEXT NOT NULL,
	plan_anchor TEXT NOT NULL,
	plan_started_at INTEGER NOT NULL,
	quota_tokens INTEGER CONSTRAINT ck_account_quota_is_not_negative CHECK (quota_tokens >= 0),
	import_id INTEGER,
	clock_at INTEGER,
	external_id TEXT,
	created_at INTEGER NOT NULL,
	CONSTRAINT pk_account PRIMARY KEY (org_id, account_id),
	CONSTRAINT ck_account_the_pool_has_no_name CHECK ((kind = 'pool') = (name = '')),
	CONSTRAINT ck_account_a_pool_draws_on_none CHECK (kind <> 'pool' OR pool_id IS NULL),
	CONSTRAINT uq_account_org_id_name UNIQUE (org_id, name),
	CONSTRAINT uq_account_org_id_external_id UNIQUE (org_id, external_id),
	CONSTRAINT fk_account_org_id FOREIGN KEY(org_id) REFERENCES organization (org_id) ON DELETE RESTRICT,
	CONSTRAINT fk_account_org_id_pool_id FOREIGN KEY(org_id, pool_id) REFERENCES account (org_id, account_id) ON DELETE RESTRICT
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE audit (
	org_id INTEGER NOT NULL,
	audit_id INTEGER NOT NULL,
	at INTEGER NOT NULL,
	actor TEXT NOT NULL,
	act TEXT NOT NULL,
	subject TEXT NOT NULL,
	"before" TEXT,
	"after" TEXT,
	reason TEXT NOT NULL,
	CONSTRAINT pk_audit PRIMARY KEY (org_id, audit_id),
	CONSTRAINT fk_audit_org_id FOREIGN KEY(org_id) REFERENCES organization (org_id) ON DELETE RESTRICT
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE operation_key (
	org_id INTEGER NOT NULL,
	operation TEXT NOT NULL,
	"key" TEXT NOT NULL,
	request_hash TEXT NOT NULL,
	result TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	CONSTRAINT pk_operation_key PRIMARY KEY (org_id, operation, "key"),
	CONSTRAINT fk_operation_key_org_id FOREIGN KEY(org_id) REFERENCES organization (org_id) ON DELETE RESTRICT
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE program_version (
	org_id INTEGER NOT NULL,
	program_id INTEGER NOT NULL,
	name TEXT NOT NULL,
	version INTEGER NOT NULL,
	document TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	actor TEXT NOT NULL,
	reason TEXT NOT NULL,
	CONSTRAINT pk_program_version PRIMARY KEY (org_id, program_id),
	CONSTRAINT uq_program_version_org_id_name_version UNIQUE (org_id, name, version),
	CONSTRAINT fk_program_version_org_id FOREIGN KEY(org_id) REFERENCES organization (org_id) ON DELETE RESTRICT
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE usage_account_day (
	org_id INTEGER NOT NULL,
	account_id INTEGER NOT NULL,
	account_date TEXT NOT NULL,
	agent TEXT NOT NULL,
	model TEXT NOT NULL,
	feature TEXT NOT NULL,
	requests INTEGER NOT NULL,
	input_tokens INTEGER NOT NULL,
	output_tokens INTEGER NOT NULL,
	cached_tokens INTEGER NOT NULL,
	reasoning_tokens INTEGER NOT NULL,
	charged INTEGER NOT NULL,
	refunded INTEGER NOT NULL,
	cost_usd_nanos INTEGER NOT NULL,
	cost_inr_nanos INTEGER NOT NULL,
	unpriced INTEGER NOT NULL,
	CONSTRAINT pk_usage_account_day PRIMARY KEY (org_id, account_id, account_date, agent, model, feature),
	CONSTRAINT fk_usage_account_day_org_id FOREIGN KEY(org_id) REFERENCES organization (org_id) ON DELETE RESTRICT
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE usage_month_account (
	org_id INTEGER NOT NULL,
	month TEXT NOT NULL,
	account_id INTEGER NOT NULL,
	requests INTEGER NOT NULL,
	input_tokens INTEGER NOT NULL,
	output_tokens INTEGER NOT NULL,
	cached_tokens INTEGER NOT NULL,
	reasoning_tokens INTEGER NOT NULL,
	charged INTEGER NOT NULL,
	refunded INTEGER NOT NULL,
	cost_usd_nanos INTEGER NOT NULL,
	cost_inr_nanos INTEGER NOT NULL,
	unpriced INTEGER NOT NULL,
	CONSTRAINT pk_usage_month_account PRIMARY KEY (org_id, month, account_id),
	CONSTRAINT fk_usage_month_account_org_id FOREIGN KEY(org_id) REFERENCES organization (org_id) ON DELETE RESTRICT
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE usage_org_day (
	org_id INTEGER NOT NULL,
	org_date TEXT NOT NULL,
	agent TEXT NOT NULL,
	model TEXT NOT NULL,
	feature TEXT NOT NULL,
	"plan" TEXT NOT NULL,
	shard INTEGER NOT NULL,
	requests INTEGER NOT NULL,
	input_tokens INTEGER NOT NULL,
	output_tokens INTEGER NOT NULL,
	cached_tokens INTEGER NOT NULL,
	reasoning_tokens INTEGER NOT NULL,
	charged INTEGER NOT NULL,
	refunded INTEGER NOT NULL,
	cost_usd_nanos INTEGER NOT NULL,
	cost_inr_nanos INTEGER NOT NULL,
	unpriced INTEGER NOT NULL,
	CONSTRAINT pk_usage_org_day PRIMARY KEY (org_id, org_date, agent, model, feature, "plan", shard),
	CONSTRAINT fk_usage_org_day_org_id FOREIGN KEY(org_id) REFERENCES organization (org_id) ON DELETE RESTRICT
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE usage_org_hour (
	org_id INTEGER NOT NULL,
	org_date TEXT NOT NULL,
	org_hour INTEGER NOT NULL,
	shard INTEGER NOT NULL,
	requests INTEGER NOT NULL,
	input_tokens INTEGER NOT NULL,
	output_tokens INTEGER NOT NULL,
	cached_tokens INTEGER NOT NULL,
	reasoning_tokens INTEGER NOT NULL,
	charged INTEGER NOT NULL,
	refunded INTEGER NOT NULL,
	cost_usd_nanos INTEGER NOT NULL,
	cost_inr_nanos INTEGER NOT NULL,
	unpriced INTEGER NOT NULL,
	CONSTRAINT pk_usage_org_hour PRIMARY KEY (org_id, org_date, org_hour, shard),
	CONSTRAINT fk_usage_org_hour_org_id FOREIGN KEY(org_id) REFERENCES organization (org_id) ON DELETE RESTRICT
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE account_day (
	org_id INTEGER NOT NULL,
	account_id INTEGER NOT NULL,
	day TEXT NOT NULL,
	requests INTEGER NOT NULL CONSTRAINT ck_account_day_requests CHECK (requests >= 0),
	CONSTRAINT pk_account_day PRIMARY KEY (org_id, account_id, day),
	CONSTRAINT fk_account_day_org_id_account_id FOREIGN KEY(org_id, account_id) REFERENCES account (org_id, account_id) ON DELETE RESTRICT
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE audit_seal (
	org_id INTEGER NOT NULL,
	audit_id INTEGER NOT NULL,
	previous TEXT NOT NULL,
	digest TEXT NOT NULL,
	CONSTRAINT pk_audit_seal PRIMARY KEY (org_id, audit_id),
	CONSTRAINT fk_audit_seal_org_id_audit_id FOREIGN KEY(org_id, audit_id) REFERENCES audit (org_id, audit_id) ON DELETE RESTRICT
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE hold (
	org_id INTEGER NOT NULL,
	hold_id INTEGER NOT NULL,
	account_id INTEGER NOT NULL,
	pool_id INTEGER,
	action TEXT NOT NULL,
	feature TEXT NOT NULL,
	estimate INTEGER NOT NULL CONSTRAINT ck_hold_estimate CHECK (estimate >= 0),
	seconds INTEGER NOT NULL CONSTRAINT ck_hold_seconds CHECK (seconds > 0),
	effective_at INTEGER NOT NULL,
	ends_at INTEGER NOT NULL,
	status TEXT NOT NULL CONSTRAINT ck_hold_status CHECK (status IN ('open', 'captured', 'voided', 'timed_out')),
	closed_at INTEGER,
	captured INTEGER NOT NULL CONSTRAINT ck_hold_captured CHECK (captured >= 0),
	metered INTEGER NOT NULL,
	quota_period TEXT,
	project TEXT NOT NULL,
	metadata TEXT,
	CONSTRAINT pk_hold PRIMARY KEY (org_id, hold_id),
	CONSTRAINT ck_hold_open_until_closed CHECK ((status = 'open') = (closed_at IS NULL)),
	CONSTRAINT fk_hold_org_id_account_id FOREIGN KEY(org_id, account_id) REFERENCES account (org_id, account_id) ON DELETE RESTRICT,
	CONSTRAINT fk_hold_org_id_pool_id FOREIGN KEY(org_id, pool_id) REFERENCES account (org_id, account_id) ON DELETE RESTRICT,
	CONSTRAINT ck_hold_metered_is_0_or_1 CHECK (metered IN (0, 1))
)
 WITHOUT ROWID,
 STRICT;

CREATE INDEX ix_hold_open ON hold (org_id, account_id) WHERE status = 'open';

CREATE INDEX ix_hold_open_on_pool ON hold (org_id, pool_id) WHERE status = 'open';

CREATE INDEX ix_hold_org_id_account_id_effective_at ON hold (org_id, account_id, effective_at);

CREATE TABLE quota_use (
	org_id INTEGER NOT NULL,
	account_id INTEGER NOT NULL,
	pool_id INTEGER NOT NULL,
	period_first TEXT NOT NULL,
	charged INTEGER NOT NULL,
	CONSTRAINT pk_quota_use PRIMARY KEY (org_id, account_id, pool_id, period_first),
	CONSTRAINT fk_quota_use_org_id_account_id FOREIGN KEY(org_id, account_id) REFERENCES account (org_id, account_id) ON DELETE RESTRICT,
	CONSTRAINT fk_quota_use_org_id_pool_id FOREIGN KEY(org_id, pool_id) REFERENCES account (org_id, account_id) ON DELETE RESTRICT
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE wallet (
	org_id INTEGER NOT NULL,
	wallet_id INTEGER NOT NULL,
	account_id INTEGER NOT NULL,
	type TEXT NOT NULL CONSTRAINT ck_wallet_type CHECK (type IN ('STANDARD', 'MONTHLY', 'ROLLOVER', 'BONUS', 'PREMIUM')),
	label TEXT NOT NULL,
	features TEXT,
	is_active INTEGER NOT NULL,
	expires_at INTEGER,
	every TEXT CONSTRAINT ck_wallet_every CHECK (every IN ('day', 'calendar_month', 'anniversary_month', 'days_30')),
	anchor TEXT,
	period_first TEXT,
	period_next TEXT,
	period_ends_at INTEGER,
	last_reset_at INTEGER,
	forced_count INTEGER NOT NULL CONSTRAINT ck_wallet_forced_count CHECK (forced_count >= 0),
	created_at INTEGER NOT NULL,
	CONSTRAINT pk_wallet PRIMARY KEY (org_id, wallet_id),
	CONSTRAINT fk_wallet_org_id_account_id FOREIGN KEY(org_id, account_id) REFERENCES account (org_id, account_id) ON DELETE RESTRICT,
	CONSTRAINT ck_wallet_is_active_is_0_or_1 CHECK (is_active IN (0, 1))
)
 WITHOUT ROWID,
 STRICT;

CREATE INDEX ix_wallet_org_id_account_id ON wallet (org_id, account_id);

CREATE TABLE ledger_transaction (
	org_id INTEGER NOT NULL,
	txn_id INTEGER NOT NULL,
	account_id INTEGER NOT NULL,
	pool_id INTEGER,
	kind TEXT NOT NULL CONSTRAINT ck_ledger_transaction_kind CHECK (kind IN ('usage', 'grant', 'purchase', 'promo', 'referral', 'reward', 'reset', 'rollover', 'expiry', 'plan_change', 'refund', 'purchase_refund', 'revocation', 'debt_repayment', 'adjustment')),
	tokens INTEGER NOT NULL,
	charged INTEGER NOT NULL CONSTRAINT ck_ledger_transaction_charged_is_not_negative CHECK (charged >= 0),
	metered INTEGER NOT NULL,
	late_capture INTEGER NOT NULL,
	would_refuse TEXT,
	action TEXT NOT NULL,
	feature TEXT NOT NULL,
	agent TEXT NOT NULL,
	model TEXT NOT NULL,
	project TEXT NOT NULL,
	description TEXT NOT NULL,
	"plan" TEXT NOT NULL,
	input_tokens INTEGER NOT NULL CONSTRAINT ck_ledger_transaction_input_tokens_is_not_negative CHECK (input_tokens >= 0),
	output_tokens INTEGER NOT NULL CONSTRAINT ck_ledger_transaction_output_tokens_is_not_negative CHECK (output_tokens >= 0),
	cached_tokens INTEGER NOT NULL CONSTRAINT ck_ledger_transaction_cached_tokens_is_not_negative CHECK (cached_tokens >= 0),
	reasoning_tokens INTEGER NOT NULL CONSTRAINT ck_ledger_transaction_reasoning_tokens_is_not_negative CHECK (reasoning_tokens >= 0),
	requests INTEGER NOT NULL CONSTRAINT ck_ledger_transaction_requests CHECK (requests IN (0, 1)),
	cost_usd_nanos INTEGER,
	cost_inr_nanos INTEGER,
	cost_parts TEXT,
	unpriced INTEGER NOT NULL,
	price_version TEXT,
	fx_rate_id INTEGER,
	event_at INTEGER NOT NULL,
	effective_at INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	account_date TEXT NOT NULL,
	org_date TEXT NOT NULL,
	accounting_date TEXT NOT NULL,
	org_hour INTEGER NOT NULL CONSTRAINT ck_ledger_transaction_org_hour CHECK (org_hour BETWEEN 0 AND 23),
	available_before INTEGER,
	available_after INTEGER,
	hold_id INTEGER,
	reverses_txn_id INTEGER,
	quota_period TEXT,
	quota_charged INTEGER NOT NULL,
	actor TEXT NOT NULL,
	reason TEXT NOT NULL,
	metadata TEXT,
	CONSTRAINT pk_ledger_transaction PRIMARY KEY (org_id, txn_id),
	CONSTRAINT fk_ledger_transaction_org_id_account_id FOREIGN KEY(org_id, account_id) REFERENCES account (org_id, account_id) ON DELETE RESTRICT,
	CONSTRAINT fk_ledger_transaction_org_id_pool_id FOREIGN KEY(org_id, pool_id) REFERENCES account (org_id, account_id) ON DELETE RESTRICT,
	CONSTRAINT fk_ledger_transaction_org_id_hold_id FOREIGN KEY(org_id, hold_id) REFERENCES hold (org_id, hold_id) ON DELETE RESTRICT,
	CONSTRAINT fk_ledger_transaction_org_id_reverses_txn_id FOREIGN KEY(org_id, reverses_txn_id) REFERENCES ledger_transaction (org_id, txn_id) ON DELETE RESTRICT,
	CONSTRAINT ck_ledger_transaction_metered_is_0_or_1 CHECK (metered IN (0, 1)),
	CONSTRAINT ck_ledger_transaction_late_capture_is_0_or_1 CHECK (late_capture IN (0, 1)),
	CONSTRAINT ck_ledger_transaction_unpriced_is_0_or_1 CHECK (unpriced IN (0, 1))
)
 WITHOUT ROWID,
 STRICT;

CREATE INDEX ix_ledger_transaction_org_id_account_id_txn_id ON ledger_transaction (org_id, account_id, txn_id);

CREATE INDEX ix_ledger_transaction_org_id_hold_id_txn_id ON ledger_transaction (org_id, hold_id, txn_id) WHERE hold_id IS NOT NULL;

CREATE INDEX ix_ledger_transaction_org_id_reverses_txn_id_txn_id ON ledger_transaction (org_id, reverses_txn_id, txn_id) WHERE reverses_txn_id IS NOT NULL;

CREATE TABLE debt (
	org_id INTEGER NOT NULL,
	debt_id INTEGER NOT NULL,
	account_id INTEGER NOT NULL,
	txn_id INTEGER NOT NULL,
	feature TEXT NOT NULL,
	incurred INTEGER NOT NULL CONSTRAINT ck_debt_incurred CHECK (incurred > 0),
	owed INTEGER NOT NULL CONSTRAINT ck_debt_owed CHECK (owed >= 0 AND owed <= incurred),
	effective_at INTEGER NOT NULL,
	CONSTRAINT pk_debt PRIMARY KEY (org_id, debt_id),
	CONSTRAINT fk_debt_org_id_account_id FOREIGN KEY(org_id, account_id) REFERENCES account (org_id, account_id) ON DELETE RESTRICT,
	CONSTRAINT fk_debt_org_id_txn_id FOREIGN KEY(org_id, txn_id) REFERENCES ledger_transaction (org_id, txn_id) ON DELETE RESTRICT
)
 WITHOUT ROWID,
 STRICT;

CREATE INDEX ix_debt_org_id_account_id ON debt (org_id, account_id);

CREATE INDEX ix_debt_org_id_txn_id ON debt (org_id, txn_id);

CREATE TABLE token_grant (
	org_id INTEGER NOT NULL,
	grant_id INTEGER NOT NULL,
	account_id INTEGER NOT NULL,
	wallet_id INTEGER NOT NULL,
	txn_id INTEGER NOT NULL,
	source TEXT NOT NULL,
	class TEXT NOT NULL CONSTRAINT ck_token_grant_class CHECK (class IN ('free', 'plan', 'promotional', 'purchased')),
	label TEXT NOT NULL,
	amount INTEGER NOT NULL CONSTRAINT ck_token_grant_amount_is_positive CHECK (amount > 0),
	effective_at INTEGER NOT NULL,
	expires_at INTEGER,
	price_minor INTEGER,
	currency TEXT,
	period_first TEXT,
	forced_no INTEGER,
	remaining INTEGER NOT NULL,
	held INTEGER NOT NULL,
	live INTEGER NOT NULL,
	disputed INTEGER NOT NULL,
	closed_reason TEXT,
	closed_at INTEGER,
	CONSTRAINT pk_token_grant PRIMARY KEY (org_id, grant_id),
	CONSTRAINT ck_token_grant_remaining_is_within_amount CHECK (remaining >= 0 AND remaining <= amount),
	CONSTRAINT ck_token_grant_held_is_within_remaining CHECK (held >= 0 AND held <= remaining),
	CONSTRAINT ck_token_grant_a_period_is_numbered CHECK (forced_no IS NULL OR period_first IS NOT NULL),
	CONSTRAINT ck_token_grant_closing_has_reason_and_time CHECK ((closed_reason IS NULL) = (closed_at IS NULL)),
	CONSTRAINT fk_token_grant_org_id_account_id FOREIGN KEY(org_id, account_id) REFERENCES account (org_id, account_id) ON DELETE RESTRICT,
	CONSTRAINT fk_token_grant_org_id_wallet_id FOREIGN KEY(org_id, wallet_id) REFERENCES wallet (org_id, wallet_id) ON DELETE RESTRICT,
	CONSTRAINT fk_token_grant_org_id_txn_id FOREIGN KEY(org_id, txn_id) REFERENCES ledger_transaction (org_id, txn_id) ON DELETE RESTRICT,
	CONSTRAINT ck_token_grant_live_is_0_or_1 CHECK (live IN (0, 1)),
	CONSTRAINT ck_token_grant_disputed_is_0_or_1 CHECK (disputed IN (0, 1))
)
 WITHOUT ROWID,
 STRICT;

CREATE INDEX ix_token_grant_live ON token_grant (org_id, account_id) WHERE live = 1;

CREATE INDEX ix_token_grant_org_id_account_id_grant_id ON token_grant (org_id, account_id, grant_id);

CREATE UNIQUE INDEX uq_token_grant_period ON token_grant (org_id, wallet_id, period_first, forced_no) WHERE period_first IS NOT NULL;

CREATE TABLE debt_entry (
	org_id INTEGER NOT NULL,
	txn_id INTEGER NOT NULL,
	seq INTEGER NOT NULL,
	debt_id INTEGER NOT NULL,
	amount INTEGER NOT NULL,
	owed_after INTEGER NOT NULL CONSTRAINT ck_debt_entry_owed_after CHECK (owed_after >= 0),
	cause TEXT NOT NULL CONSTRAINT ck_debt_entry_cause CHECK (cause IN ('incurred', 'repaid', 'cancelled', 'written_off')),
	CONSTRAINT pk_debt_entry PRIMARY KEY (org_id, txn_id, seq),
	CONSTRAINT fk_debt_entry_org_id_txn_id FOREIGN KEY(org_id, txn_id) REFERENCES ledger_transaction (org_id, txn_id) ON DELETE RESTRICT,
	CONSTRAINT fk_debt_entry_org_id_debt_id FOREIGN KEY(org_id, debt_id) REFERENCES debt (org_id, debt_id) ON DELETE RESTRICT
)
 WITHOUT ROWID,
 STRICT;

CREATE INDEX ix_debt_entry_org_id_debt_id_txn_id ON debt_entry (org_id, debt_id, txn_id);

CREATE TABLE entry (
	org_id INTEGER NOT NULL,
	txn_id INTEGER NOT NULL,
	seq INTEGER NOT NULL,
	grant_id INTEGER NOT NULL,
	account_id INTEGER NOT NULL,
	amount INTEGER NOT NULL,
	remaining_after INTEGER NOT NULL CONSTRAINT ck_entry_remaining_after CHECK (remaining_after >= 0),
	blocked INTEGER NOT NULL,
	returns_txn_id INTEGER,
	returns_seq INTEGER,
	CONSTRAINT pk_entry PRIMARY KEY (org_id, txn_id, seq),
	CONSTRAINT fk_entry_org_id_txn_id FOREIGN KEY(org_id, txn_id) REFERENCES ledger_transaction (org_id, txn_id) ON DELETE RESTRICT,
	CONSTRAINT fk_entry_org_id_grant_id FOREIGN KEY(org_id, grant_id) REFERENCES token_grant (org_id, grant_id) ON DELETE RESTRICT,
	CONSTRAINT fk_entry_org_id_account_id FOREIGN KEY(org_id, account_id) REFERENCES account (org_id, account_id) ON DELETE RESTRICT,
	CONSTRAINT fk_entry_org_id_returns_txn_id_returns_seq FOREIGN KEY(org_id, returns_txn_id, returns_seq) REFERENCES entry (org_id, txn_id, seq) ON DELETE RESTRICT,
	CONSTRAINT ck_entry_blocked_is_0_or_1 CHECK (blocked IN (0, 1))
)
 WITHOUT ROWID,
 STRICT;

CREATE INDEX ix_entry_org_id_grant_id_txn_id ON entry (org_id, grant_id, txn_id);

CREATE TABLE hold_entry (
	org_id INTEGER NOT NULL,
	hold_id INTEGER NOT NULL,
	seq INTEGER NOT NULL,
	grant_id INTEGER NOT NULL,
	account_id INTEGER NOT NULL,
	amount INTEGER NOT NULL,
	effective_at INTEGER NOT NULL,
	cause TEXT NOT NULL CONSTRAINT ck_hold_entry_cause CHECK (cause IN ('reserved', 'captured', 'released')),
	txn_id INTEGER,
	CONSTRAINT pk_hold_entry PRIMARY KEY (org_id, hold_id, seq),
	CONSTRAINT fk_hold_entry_org_id_hold_id FOREIGN KEY(org_id, hold_id) REFERENCES hold (org_id, hold_id) ON DELETE RESTRICT,
	CONSTRAINT fk_hold_entry_org_id_grant_id FOREIGN KEY(org_id, grant_id) REFERENCES token_grant (org_id, grant_id) ON DELETE RESTRICT,
	CONSTRAINT fk_hold_entry_org_id_account_id FOREIGN KEY(org_id, account_id) REFERENCES account (org_id, account_id) ON DELETE RESTRICT,
	CONSTRAINT fk_hold_entry_org_id_txn_id FOREIGN KEY(org_id, txn_id) REFERENCES ledger_transaction (org_id, txn_id) ON DELETE RESTRICT
)
 WITHOUT ROWID,
 STRICT;

CREATE INDEX ix_hold_entry_org_id_account_id_effective_at ON hold_entry (org_id, account_id, effective_at);
