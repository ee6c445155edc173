-- What programs, sales and administration keep, as the fifth migration made it (SQLite). Frozen: later changes are later migrations.

CREATE TABLE account_rebuilt (
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
	program_id INTEGER NOT NULL,
	term_status TEXT NOT NULL CONSTRAINT ck_account_term_status CHECK (term_status IN ('active', 'cancelling', 'past_due', 'lapsed')),
	term_first TEXT,
	term_next TEXT,
	term_ends_at INTEGER,
	paid_ahead INTEGER NOT NULL CONSTRAINT ck_account_paid_ahead_is_not_negative CHECK (paid_ahead >= 0),
	next_plan TEXT NOT NULL,
	next_paid INTEGER NOT NULL CONSTRAINT ck_account_next_paid_is_not_negative CHECK (next_paid >= 0),
	unpaid INTEGER NOT NULL,
	grace_ends_at INTEGER,
	referrer_id INTEGER CONSTRAINT ck_account_nobody_refers_herself CHECK (referrer_id <> account_id),
	referral_waits INTEGER NOT NULL,
	CONSTRAINT pk_account PRIMARY KEY (org_id, account_id),
	CONSTRAINT ck_account_the_pool_has_no_name CHECK ((kind = 'pool') = (name = '')),
	CONSTRAINT ck_account_a_pool_draws_on_none CHECK (kind <> 'pool' OR pool_id IS NULL),
	CONSTRAINT ck_account_a_term_has_both_ends CHECK ((term_first IS NULL) = (term_ends_at IS NULL) AND (term_next IS NULL) = (term_ends_at IS NULL)),
	CONSTRAINT ck_account_grace_is_for_what_is_unpaid CHECK (grace_ends_at IS NULL OR unpaid),
	CONSTRAINT uq_account_org_id_name UNIQUE (org_id, name),
	CONSTRAINT uq_account_org_id_external_id UNIQUE (org_id, external_id),
	CONSTRAINT fk_account_org_id FOREIGN KEY(org_id) REFERENCES organization (org_id) ON DELETE RESTRICT,
	CONSTRAINT fk_account_org_id_pool_id FOREIGN KEY(org_id, pool_id) REFERENCES account (org_id, account_id) ON DELETE RESTRICT,
	CONSTRAINT fk_account_org_id_referrer_id FOREIGN KEY(org_id, referrer_id) REFERENCES account (org_id, account_id) ON DELETE RESTRICT,
	CONSTRAINT ck_account_unpaid_is_0_or_1 CHECK (unpaid IN (0, 1)),
	CONSTRAINT ck_account_referral_waits_is_0_or_1 CHECK (referral_waits IN (0, 1))
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE purchase (
	org_id INTEGER NOT NULL,
	purchase_id INTEGER NOT NULL,
	account_id INTEGER NOT NULL,
	kind TEXT NOT NULL CONSTRAINT ck_purchase_kind CHECK (kind IN ('package', 'plan', 'renewal')),
	item TEXT NOT NULL,
	title TEXT NOT NULL,
	tokens INTEGER NOT NULL CONSTRAINT ck_purchase_tokens CHECK (tokens >= 0),
	price_minor INTEGER NOT NULL CONSTRAINT ck_purchase_price_minor CHECK (price_minor >= 0),
	tax_minor INTEGER NOT NULL,
	tax_label TEXT NOT NULL,
	tax_rate TEXT NOT NULL,
	tax_inclusive INTEGER NOT NULL,
	currency TEXT NOT NULL,
	program_id INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	actor TEXT NOT NULL,
	reason TEXT NOT NULL,
	provider TEXT NOT NULL,
	provider_order TEXT NOT NULL,
	provider_payment TEXT NOT NULL,
	status TEXT NOT NULL CONSTRAINT ck_purchase_status CHECK (status IN ('pending', 'paid', 'granted', 'failed', 'refunded', 'disputed')),
	paid_at INTEGER,
	granted_at INTEGER,
	closed_at INTEGER,
	txn_id INTEGER,
	grant_id INTEGER,
	refunded_minor INTEGER NOT NULL,
	refunded_tokens INTEGER NOT NULL,
	missed_tokens INTEGER NOT NULL,
	dispute_open INTEGER NOT NULL,
	trouble TEXT NOT NULL,
	CONSTRAINT pk_purchase PRIMARY KEY (org_id, purchase_id),
	CONSTRAINT ck_purchase_tax_is_within_the_price CHECK (tax_minor >= 0 AND tax_minor <= price_minor),
	CONSTRAINT ck_purchase_refunds_are_within_the_price CHECK (refunded_minor >= 0 AND refunded_minor <= price_minor),
	CONSTRAINT ck_purchase_refunds_are_within_the_pack CHECK (refunded_tokens >= 0 AND missed_tokens >= 0 AND (kind <> 'package' OR refunded_tokens + missed_tokens <= tokens)),
	CONSTRAINT ck_purchase_granted_has_its_time CHECK (status <> 'granted' OR granted_at IS NOT NULL),
	CONSTRAINT ck_purchase_nothing_is_granted_unpaid CHECK (granted_at IS NULL OR paid_at IS NOT NULL),
	CONSTRAINT fk_purchase_org_id_account_id FOREIGN KEY(org_id, account_id) REFERENCES account (org_id, account_id) ON DELETE RESTRICT,
	CONSTRAINT fk_purchase_org_id_txn_id FOREIGN KEY(org_id, txn_id) REFERENCES ledger_transaction (org_id, txn_id) ON DELETE RESTRICT,
	CONSTRAINT fk_purchase_org_id_grant_id FOREIGN KEY(org_id, grant_id) REFERENCES token_grant (org_id, grant_id) ON DELETE RESTRICT,
	CONSTRAINT ck_purchase_tax_inclusive_is_0_or_1 CHECK (tax_inclusive IN (0, 1)),
	CONSTRAINT ck_purchase_dispute_open_is_0_or_1 CHECK (dispute_open IN (0, 1))
)
 WITHOUT ROWID,
 STRICT;

CREATE INDEX ix_purchase_order ON purchase (org_id, provider, provider_order) WHERE provider_order <> '';

CREATE INDEX ix_purchase_org_id_account_id_purchase_id ON purchase (org_id, account_id, purchase_id);

CREATE UNIQUE INDEX uq_purchase_payment ON purchase (org_id, provider, provider_payment) WHERE provider_payment <> '';

CREATE TABLE plan_event (
	org_id INTEGER NOT NULL,
	event_id INTEGER NOT NULL,
	account_id INTEGER NOT NULL,
	at INTEGER NOT NULL,
	what TEXT NOT NULL CONSTRAINT ck_plan_event_what CHECK (what IN ('started', 'upgraded', 'downgraded', 'scheduled', 'cancelling', 'resumed', 'renewed', 'term', 'past_due', 'lapsed', 'ended')),
	plan_before TEXT NOT NULL,
	plan_after TEXT NOT NULL,
	price_minor INTEGER NOT NULL CONSTRAINT ck_plan_event_price_minor CHECK (price_minor >= 0),
	currency TEXT NOT NULL,
	term_first TEXT,
	term_ends_at INTEGER,
	program_id INTEGER NOT NULL,
	purchase_id INTEGER,
	actor TEXT NOT NULL,
	reason TEXT NOT NULL,
	CONSTRAINT pk_plan_event PRIMARY KEY (org_id, event_id),
	CONSTRAINT fk_plan_event_org_id_account_id FOREIGN KEY(org_id, account_id) REFERENCES account (org_id, account_id) ON DELETE RESTRICT,
	CONSTRAINT fk_plan_event_org_id_purchase_id FOREIGN KEY(org_id, purchase_id) REFERENCES purchase (org_id, purchase_id) ON DELETE RESTRICT
)
 WITHOUT ROWID,
 STRICT;

CREATE INDEX ix_plan_event_org_id_account_id_event_id ON plan_event (org_id, account_id, event_id);

CREATE TABLE promo_code (
	org_id INTEGER NOT NULL,
	code_id INTEGER NOT NULL,
	code TEXT NOT NULL CONSTRAINT ck_promo_code_code CHECK (code <> ''),
	terms TEXT NOT NULL,
	tokens INTEGER NOT NULL CONSTRAINT ck_promo_code_tokens CHECK (tokens > 0),
	total_limit INTEGER CONSTRAINT ck_promo_code_total_limit CHECK (total_limit > 0),
	redeemed INTEGER NOT NULL,
	is_disabled INTEGER NOT NULL,
	batch TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	actor TEXT NOT NULL,
	reason TEXT NOT NULL,
	CONSTRAINT pk_promo_code PRIMARY KEY (org_id, code_id),
	CONSTRAINT ck_promo_code_within_its_limit CHECK (redeemed >= 0 AND (total_limit IS NULL OR redeemed <= total_limit)),
	CONSTRAINT uq_promo_code_org_id_code UNIQUE (org_id, code),
	CONSTRAINT fk_promo_code_org_id FOREIGN KEY(org_id) REFERENCES organization (org_id) ON DELETE RESTRICT,
	CONSTRAINT ck_promo_code_is_disabled_is_0_or_1 CHECK (is_disabled IN (0, 1))
)
 WITHOUT ROWID,
 STRICT;

CREATE INDEX ix_promo_code_org_id_batch_code_id ON promo_code (org_id, batch, code_id);

CREATE TABLE redemption (
	org_id INTEGER NOT NULL,
	code_id INTEGER NOT NULL,
	account_id INTEGER NOT NULL,
	number INTEGER NOT NULL,
	txn_id INTEGER NOT NULL,
	grant_id INTEGER NOT NULL,
	at INTEGER NOT NULL,
	CONSTRAINT pk_redemption PRIMARY KEY (org_id, code_id, account_id, number),
	CONSTRAINT ck_redemption_number CHECK (number > 0),
	CONSTRAINT fk_redemption_org_id_code_id FOREIGN KEY(org_id, code_id) REFERENCES promo_code (org_id, code_id) ON DELETE RESTRICT,
	CONSTRAINT fk_redemption_org_id_account_id FOREIGN KEY(org_id, account_id) REFERENCES account (org_id, account_id) ON DELETE RESTRICT,
	CONSTRAINT fk_redemption_org_id_txn_id FOREIGN KEY(org_id, txn_id) REFERENCES ledger_transaction (org_id, txn_id) ON DELETE RESTRICT,
	CONSTRAINT fk_redemption_org_id_grant_id FOREIGN KEY(org_id, grant_id) REFERENCES token_grant (org_id, grant_id) ON DELETE RESTRICT
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE award (
	org_id INTEGER NOT NULL,
	account_id INTEGER NOT NULL,
	name TEXT NOT NULL,
	period TEXT NOT NULL,
	txn_id INTEGER NOT NULL,
	grant_id INTEGER NOT NULL,
	at INTEGER NOT NULL,
	CONSTRAINT pk_award PRIMARY KEY (org_id, account_id, name, period),
	CONSTRAINT fk_award_org_id_account_id FOREIGN KEY(org_id, account_id) REFERENCES account (org_id, account_id) ON DELETE RESTRICT,
	CONSTRAINT fk_award_org_id_txn_id FOREIGN KEY(org_id, txn_id) REFERENCES ledger_transaction (org_id, txn_id) ON DELETE RESTRICT,
	CONSTRAINT fk_award_org_id_grant_id FOREIGN KEY(org_id, grant_id) REFERENCES token_grant (org_id, grant_id) ON DELETE RESTRICT
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE referral_owed (
	org_id INTEGER NOT NULL,
	friend_id INTEGER NOT NULL,
	referrer_id INTEGER NOT NULL,
	tokens INTEGER NOT NULL CONSTRAINT ck_referral_owed_tokens CHECK (tokens >= 0),
	at INTEGER NOT NULL,
	CONSTRAINT pk_referral_owed PRIMARY KEY (org_id, friend_id),
	CONSTRAINT ck_referral_owed_nobody_refers_herself CHECK (referrer_id <> friend_id),
	CONSTRAINT fk_referral_owed_org_id_friend_id FOREIGN KEY(org_id, friend_id) REFERENCES account (org_id, account_id) ON DELETE RESTRICT,
	CONSTRAINT fk_referral_owed_org_id_referrer_id FOREIGN KEY(org_id, referrer_id) REFERENCES account (org_id, account_id) ON DELETE RESTRICT
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE approval (
	org_id INTEGER NOT NULL,
	approval_id INTEGER NOT NULL,
	kind TEXT NOT NULL CONSTRAINT ck_approval_kind CHECK (kind IN ('grant')),
	account_id INTEGER NOT NULL,
	request TEXT NOT NULL,
	asked_by TEXT NOT NULL,
	asked_at INTEGER NOT NULL,
	reason TEXT NOT NULL,
	status TEXT NOT NULL CONSTRAINT ck_approval_status CHECK (status IN ('waiting', 'approved', 'declined')),
	decided_by TEXT,
	decided_at INTEGER,
	note TEXT NOT NULL,
	txn_id INTEGER,
	CONSTRAINT pk_approval PRIMARY KEY (org_id, approval_id),
	CONSTRAINT ck_approval_decided_has_its_time CHECK ((status = 'waiting') = (decided_at IS NULL)),
	CONSTRAINT ck_approval_decided_has_its_name CHECK ((status = 'waiting') = (decided_by IS NULL)),
	CONSTRAINT ck_approval_nobody_approves_her_own CHECK (decided_by <> asked_by),
	CONSTRAINT ck_approval_approved_has_its_transaction CHECK ((status = 'approved') = (txn_id IS NOT NULL)),
	CONSTRAINT fk_approval_org_id_account_id FOREIGN KEY(org_id, account_id) REFERENCES account (org_id, account_id) ON DELETE RESTRICT,
	CONSTRAINT fk_approval_org_id_txn_id FOREIGN KEY(org_id, txn_id) REFERENCES ledger_transaction (org_id, txn_id) ON DELETE RESTRICT
)
 WITHOUT ROWID,
 STRICT;

CREATE INDEX ix_approval_org_id_status_approval_id ON approval (org_id, status, approval_id);

CREATE TABLE api_key (
	org_id INTEGER NOT NULL,
	key_id INTEGER NOT NULL,
	name TEXT NOT NULL,
	digest TEXT NOT NULL,
	shown TEXT NOT NULL,
	scopes TEXT NOT NULL,
	account_id INTEGER,
	created_at INTEGER NOT NULL,
	created_by TEXT NOT NULL,
	expires_at INTEGER,
	revoked_at INTEGER,
	last_used_at INTEGER,
	replaced_by INTEGER,
	CONSTRAINT pk_api_key PRIMARY KEY (org_id, key_id),
	CONSTRAINT uq_api_key_org_id_digest UNIQUE (org_id, digest),
	CONSTRAINT fk_api_key_org_id FOREIGN KEY(org_id) REFERENCES organization (org_id) ON DELETE RESTRICT,
	CONSTRAINT fk_api_key_org_id_account_id FOREIGN KEY(org_id, account_id) REFERENCES account (org_id, account_id) ON DELETE RESTRICT,
	CONSTRAINT fk_api_key_org_id_replaced_by FOREIGN KEY(org_id, replaced_by) REFERENCES api_key (org_id, key_id) ON DELETE RESTRICT
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE alert_rule (
	org_id INTEGER NOT NULL,
	alert_id INTEGER NOT NULL,
	account_id INTEGER NOT NULL,
	kind TEXT NOT NULL CONSTRAINT ck_alert_rule_kind CHECK (kind IN ('low_balance', 'run_out')),
	threshold INTEGER NOT NULL CONSTRAINT ck_alert_rule_threshold CHECK (threshold >= 0),
	channel TEXT NOT NULL,
	is_on INTEGER NOT NULL,
	is_armed INTEGER NOT NULL,
	last_fired_at INTEGER,
	created_at INTEGER NOT NULL,
	CONSTRAINT pk_alert_rule PRIMARY KEY (org_id, alert_id),
	CONSTRAINT fk_alert_rule_org_id_account_id FOREIGN KEY(org_id, account_id) REFERENCES account (org_id, account_id) ON DELETE RESTRICT,
	CONSTRAINT ck_alert_rule_is_on_is_0_or_1 CHECK (is_on IN (0, 1)),
	CONSTRAINT ck_alert_rule_is_armed_is_0_or_1 CHECK (is_armed IN (0, 1))
)
 WITHOUT ROWID,
 STRICT;

CREATE INDEX ix_alert_rule_org_id_account_id ON alert_rule (org_id, account_id);

CREATE TABLE alert_sent (
	org_id INTEGER NOT NULL,
	sent_id INTEGER NOT NULL,
	alert_id INTEGER NOT NULL,
	account_id INTEGER NOT NULL,
	at INTEGER NOT NULL,
	kind TEXT NOT NULL,
	figure INTEGER NOT NULL,
	delivered INTEGER NOT NULL,
	error TEXT NOT NULL,
	CONSTRAINT pk_alert_sent PRIMARY KEY (org_id, sent_id),
	CONSTRAINT fk_alert_sent_org_id_account_id FOREIGN KEY(org_id, account_id) REFERENCES account (org_id, account_id) ON DELETE RESTRICT,
	CONSTRAINT ck_alert_sent_delivered_is_0_or_1 CHECK (delivered IN (0, 1))
)
 WITHOUT ROWID,
 STRICT;

CREATE INDEX ix_alert_sent_org_id_account_id_sent_id ON alert_sent (org_id, account_id, sent_id);

CREATE TABLE sweep_run (
	org_id INTEGER NOT NULL,
	run_id INTEGER NOT NULL,
	started_at INTEGER NOT NULL,
	finished_at INTEGER NOT NULL,
	actor TEXT NOT NULL,
	accounts INTEGER NOT NULL,
	resets INTEGER NOT NULL,
	rollovers INTEGER NOT NULL,
	expiries INTEGER NOT NULL,
	tokens_granted INTEGER NOT NULL,
	tokens_expired INTEGER NOT NULL,
	failed INTEGER NOT NULL,
	CONSTRAINT pk_sweep_run PRIMARY KEY (org_id, run_id),
	CONSTRAINT fk_sweep_run_org_id FOREIGN KEY(org_id) REFERENCES organization (org_id) ON DELETE RESTRICT
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE webhook_event (
	provider TEXT NOT NULL,
	event_id TEXT NOT NULL,
	received_at INTEGER NOT NULL,
	kind TEXT NOT NULL,
	payload TEXT NOT NULL,
	payment TEXT NOT NULL,
	org_id INTEGER,
	purchase_id INTEGER,
	status TEXT NOT NULL CONSTRAINT ck_webhook_event_status CHECK (status IN ('received', 'handled', 'unmatched', 'ignored', 'failed')),
	note TEXT NOT NULL,
	handled_at INTEGER,
	CONSTRAINT pk_webhook_event PRIMARY KEY (provider, event_id)
)
 STRICT;

CREATE INDEX ix_webhook_event_org_id_received_at ON webhook_event (org_id, received_at);

CREATE INDEX ix_webhook_event_provider_payment ON webhook_event (provider, payment);

CREATE TABLE scheduler_lease (
	name TEXT NOT NULL,
	holder TEXT NOT NULL,
	until INTEGER NOT NULL,
	last_started_at INTEGER,
	last_finished_at INTEGER,
	last_report TEXT,
	CONSTRAINT pk_scheduler_lease PRIMARY KEY (name)
)
 WITHOUT ROWID,
 STRICT;
