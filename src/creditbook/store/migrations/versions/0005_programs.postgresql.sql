-- What programs, sales and administration keep, as the fifth migration made it (PostgreSQL). Frozen: later changes are later migrations.

ALTER TABLE account
	ADD COLUMN program_id BIGINT NOT NULL DEFAULT 0,
	ADD COLUMN term_status TEXT NOT NULL DEFAULT 'active' CONSTRAINT ck_account_term_status CHECK (term_status IN ('active', 'cancelling', 'past_due', 'lapsed')),
	ADD COLUMN term_first DATE,
	ADD COLUMN term_next DATE,
	ADD COLUMN term_ends_at TIMESTAMP WITH TIME ZONE,
	ADD COLUMN paid_ahead BIGINT NOT NULL DEFAULT 0 CONSTRAINT ck_account_paid_ahead_is_not_negative CHECK (paid_ahead >= 0),
	ADD COLUMN next_plan TEXT NOT NULL DEFAULT '',
	ADD COLUMN next_paid BIGINT NOT NULL DEFAULT 0 CONSTRAINT ck_account_next_paid_is_not_negative CHECK (next_paid >= 0),
	ADD COLUMN unpaid BOOLEAN NOT NULL DEFAULT false,
	ADD COLUMN grace_ends_at TIMESTAMP WITH TIME ZONE,
	ADD COLUMN referrer_id BIGINT CONSTRAINT ck_account_nobody_refers_herself CHECK (referrer_id <> account_id),
	ADD COLUMN referral_waits BOOLEAN NOT NULL DEFAULT false,
	ADD CONSTRAINT ck_account_a_term_has_both_ends CHECK ((term_first IS NULL) = (term_ends_at IS NULL) AND (term_next IS NULL) = (term_ends_at IS NULL)),
	ADD CONSTRAINT ck_account_grace_is_for_what_is_unpaid CHECK (grace_ends_at IS NULL OR unpaid),
	ADD CONSTRAINT fk_account_org_id_referrer_id FOREIGN KEY(org_id, referrer_id) REFERENCES account (org_id, account_id) ON DELETE RESTRICT;

ALTER TABLE account
	ALTER COLUMN program_id DROP DEFAULT,
	ALTER COLUMN term_status DROP DEFAULT,
	ALTER COLUMN paid_ahead DROP DEFAULT,
	ALTER COLUMN next_plan DROP DEFAULT,
	ALTER COLUMN next_paid DROP DEFAULT,
	ALTER COLUMN unpaid DROP DEFAULT,
	ALTER COLUMN referral_waits DROP DEFAULT;

CREATE TABLE purchase (
	org_id BIGINT NOT NULL,
	purchase_id BIGINT NOT NULL,
	account_id BIGINT NOT NULL,
	kind TEXT NOT NULL CONSTRAINT ck_purchase_kind CHECK (kind IN ('package', 'plan', 'renewal')),
	item TEXT NOT NULL,
	title TEXT NOT NULL,
	tokens BIGINT NOT NULL CONSTRAINT ck_purchase_tokens CHECK (tokens >= 0),
	price_minor BIGINT NOT NULL CONSTRAINT ck_purchase_price_minor CHECK (price_minor >= 0),
	tax_minor BIGINT NOT NULL,
	tax_label TEXT NOT NULL,
	tax_rate TEXT NOT NULL,
	tax_inclusive BOOLEAN NOT NULL,
	currency TEXT NOT NULL,
	program_id BIGINT NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	actor TEXT NOT NULL,
	reason TEXT NOT NULL,
	provider TEXT NOT NULL,
	provider_order TEXT NOT NULL,
	provider_payment TEXT NOT NULL,
	status TEXT NOT NULL CONSTRAINT ck_purchase_status CHECK (status IN ('pending', 'paid', 'granted', 'failed', 'refunded', 'disputed')),
	paid_at TIMESTAMP WITH TIME ZONE,
	granted_at TIMESTAMP WITH TIME ZONE,
	closed_at TIMESTAMP WITH TIME ZONE,
	txn_id BIGINT,
	grant_id BIGINT,
	refunded_minor BIGINT NOT NULL,
	refunded_tokens BIGINT NOT NULL,
	missed_tokens BIGINT NOT NULL,
	dispute_open BOOLEAN NOT NULL,
	trouble TEXT NOT NULL,
	CONSTRAINT pk_purchase PRIMARY KEY (org_id, purchase_id),
	CONSTRAINT ck_purchase_tax_is_within_the_price CHECK (tax_minor >= 0 AND tax_minor <= price_minor),
	CONSTRAINT ck_purchase_refunds_are_within_the_price CHECK (refunded_minor >= 0 AND refunded_minor <= price_minor),
	CONSTRAINT ck_purchase_refunds_are_within_the_pack CHECK (refunded_tokens >= 0 AND missed_tokens >= 0 AND (kind <> 'package' OR refunded_tokens + missed_tokens <= tokens)),
	CONSTRAINT ck_purchase_granted_has_its_time CHECK (status <> 'granted' OR granted_at IS NOT NULL),
	CONSTRAINT ck_purchase_nothing_is_granted_unpaid CHECK (granted_at IS NULL OR paid_at IS NOT NULL),
	CONSTRAINT fk_purchase_org_id_account_id FOREIGN KEY(org_id, account_id) REFERENCES account (org_id, account_id) ON DELETE RESTRICT,
	CONSTRAINT fk_purchase_org_id_txn_id FOREIGN KEY(org_id, txn_id) REFERENCES ledger_transaction (org_id, txn_id) ON DELETE RESTRICT,
	CONSTRAINT fk_purchase_org_id_grant_id FOREIGN KEY(org_id, grant_id) REFERENCES token_grant (org_id, grant_id) ON DELETE RESTRICT
)
 WITH (fillfactor = 80);

CREATE INDEX ix_purchase_order ON purchase (org_id, provider, provider_order) WHERE provider_order <> '';

CREATE INDEX ix_purchase_org_id_account_id_purchase_id ON purchase (org_id, account_id, purchase_id);

CREATE UNIQUE INDEX uq_purchase_payment ON purchase (org_id, provider, provider_payment) WHERE provider_payment <> '';

CREATE TABLE plan_event (
	org_id BIGINT NOT NULL,
	event_id BIGINT NOT NULL,
	account_id BIGINT NOT NULL,
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	what TEXT NOT NULL CONSTRAINT ck_plan_event_what CHECK (what IN ('started', 'upgraded', 'downgraded', 'scheduled', 'cancelling', 'resumed', 'renewed', 'term', 'past_due', 'lapsed', 'ended')),
	plan_before TEXT NOT NULL,
	plan_after TEXT NOT NULL,
	price_minor BIGINT NOT NULL CONSTRAINT ck_plan_event_price_minor CHECK (price_minor >= 0),
	currency TEXT NOT NULL,
	term_first DATE,
	term_ends_at TIMESTAMP WITH TIME ZONE,
	program_id BIGINT NOT NULL,
	purchase_id BIGINT,
	actor TEXT NOT NULL,
	reason TEXT NOT NULL,
	CONSTRAINT pk_plan_event PRIMARY KEY (org_id, event_id),
	CONSTRAINT fk_plan_event_org_id_account_id FOREIGN KEY(org_id, account_id) REFERENCES account (org_id, account_id) ON DELETE RESTRICT,
	CONSTRAINT fk_plan_event_org_id_purchase_id FOREIGN KEY(org_id, purchase_id) REFERENCES purchase (org_id, purchase_id) ON DELETE RESTRICT
);

CREATE INDEX ix_plan_event_org_id_account_id_event_id ON plan_event (org_id, account_id, event_id);

CREATE TABLE promo_code (
	org_id BIGINT NOT NULL,
	code_id BIGINT NOT NULL,
	code TEXT NOT NULL CONSTRAINT ck_promo_code_code CHECK (code <> ''),
	terms JSONB NOT NULL,
	tokens BIGINT NOT NULL CONSTRAINT ck_promo_code_tokens CHECK (tokens > 0),
	total_limit BIGINT CONSTRAINT ck_promo_code_total_limit CHECK (total_limit > 0),
	redeemed BIGINT NOT NULL,
	is_disabled BOOLEAN NOT NULL,
	batch TEXT NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	actor TEXT NOT NULL,
	reason TEXT NOT NULL,
	CONSTRAINT pk_promo_code PRIMARY KEY (org_id, code_id),
	CONSTRAINT ck_promo_code_within_its_limit CHECK (redeemed >= 0 AND (total_limit IS NULL OR redeemed <= total_limit)),
	CONSTRAINT uq_promo_code_org_id_code UNIQUE (org_id, code),
	CONSTRAINT fk_promo_code_org_id FOREIGN KEY(org_id) REFERENCES organization (org_id) ON DELETE RESTRICT
)
 WITH (fillfactor = 80);

CREATE INDEX ix_promo_code_org_id_batch_code_id ON promo_code (org_id, batch, code_id);

CREATE TABLE redemption (
	org_id BIGINT NOT NULL,
	code_id BIGINT NOT NULL,
	account_id BIGINT NOT NULL,
	number BIGINT NOT NULL,
	txn_id BIGINT NOT NULL,
	grant_id BIGINT NOT NULL,
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_redemption PRIMARY KEY (org_id, code_id, account_id, number),
	CONSTRAINT ck_redemption_number CHECK (number > 0),
	CONSTRAINT fk_redemption_org_id_code_id FOREIGN KEY(org_id, code_id) REFERENCES promo_code (org_id, code_id) ON DELETE RESTRICT,
	CONSTRAINT fk_redemption_org_id_account_id FOREIGN KEY(org_id, account_id) REFERENCES account (org_id, account_id) ON DELETE RESTRICT,
	CONSTRAINT fk_redemption_org_id_txn_id FOREIGN KEY(org_id, txn_id) REFERENCES ledger_transaction (org_id, txn_id) ON DELETE RESTRICT,
	CONSTRAINT fk_redemption_org_id_grant_id FOREIGN KEY(org_id, grant_id) REFERENCES token_grant (org_id, grant_id) ON DELETE RESTRICT
);

CREATE TABLE award (
	org_id BIGINT NOT NULL,
	account_id BIGINT NOT NULL,
	name TEXT NOT NULL,
	period DATE NOT NULL,
	txn_id BIGINT NOT NULL,
	grant_id BIGINT NOT NULL,
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_award PRIMARY KEY (org_id, account_id, name, period),
	CONSTRAINT fk_award_org_id_account_id FOREIGN KEY(org_id, account_id) REFERENCES account (org_id, account_id) ON DELETE RESTRICT,
	CONSTRAINT fk_award_org_id_txn_id FOREIGN KEY(org_id, txn_id) REFERENCES ledger_transaction (org_id, txn_id) ON DELETE RESTRICT,
	CONSTRAINT fk_award_org_id_grant_id FOREIGN KEY(org_id, grant_id) REFERENCES token_grant (org_id, grant_id) ON DELETE RESTRICT
);

CREATE TABLE referral_owed (
	org_id BIGINT NOT NULL,
	friend_id BIGINT NOT NULL,
	referrer_id BIGINT NOT NULL,
	tokens BIGINT NOT NULL CONSTRAINT ck_referral_owed_tokens CHECK (tokens >= 0),
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_referral_owed PRIMARY KEY (org_id, friend_id),
	CONSTRAINT ck_referral_owed_nobody_refers_herself CHECK (referrer_id <> friend_id),
	CONSTRAINT fk_referral_owed_org_id_friend_id FOREIGN KEY(org_id, friend_id) REFERENCES account (org_id, account_id) ON DELETE RESTRICT,
	CONSTRAINT fk_referral_owed_org_id_referrer_id FOREIGN KEY(org_id, referrer_id) REFERENCES account (org_id, account_id) ON DELETE RESTRICT
);

CREATE TABLE approval (
	org_id BIGINT NOT NULL,
	approval_id BIGINT NOT NULL,
	kind TEXT NOT NULL CONSTRAINT ck_approval_kind CHECK (kind IN ('grant')),
	account_id BIGINT NOT NULL,
	request JSONB NOT NULL,
	asked_by TEXT NOT NULL,
	asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
	reason TEXT NOT NULL,
	status TEXT NOT NULL CONSTRAINT ck_approval_status CHECK (status IN ('waiting', 'approved', 'declined')),
	decided_by TEXT,
	decided_at TIMESTAMP WITH TIME ZONE,
	note TEXT NOT NULL,
	txn_id BIGINT,
	CONSTRAINT pk_approval PRIMARY KEY (org_id, approval_id),
	CONSTRAINT ck_approval_decided_has_its_time CHECK ((status = 'waiting') = (decided_at IS NULL)),
	CONSTRAINT ck_approval_decided_has_its_name CHECK ((status = 'waiting') = (decided_by IS NULL)),
	CONSTRAINT ck_approval_nobody_approves_her_own CHECK (decided_by <> asked_by),
	CONSTRAINT ck_approval_approved_has_its_transaction CHECK ((status = 'approved') = (txn_id IS NOT NULL)),
	CONSTRAINT fk_approval_org_id_account_id FOREIGN KEY(org_id, account_id) REFERENCES account (org_id, account_id) ON DELETE RESTRICT,
	CONSTRAINT fk_approval_org_id_txn_id FOREIGN KEY(org_id, txn_id) REFERENCES ledger_transaction (org_id, txn_id) ON DELETE RESTRICT
);

CREATE INDEX ix_approval_org_id_status_approval_id ON approval (org_id, status, approval_id);

CREATE TABLE api_key (
	org_id BIGINT NOT NULL,
	key_id BIGINT NOT NULL,
	name TEXT NOT NULL,
	digest TEXT NOT NULL,
	shown TEXT NOT NULL,
	scopes TEXT NOT NULL,
	account_id BIGINT,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	created_by TEXT NOT NULL,
	expires_at TIMESTAMP WITH TIME ZONE,
	revoked_at TIMESTAMP WITH TIME ZONE,
	last_used_at TIMESTAMP WITH TIME ZONE,
	replaced_by BIGINT,
	CONSTRAINT pk_api_key PRIMARY KEY (org_id, key_id),
	CONSTRAINT uq_api_key_org_id_digest UNIQUE (org_id, digest),
	CONSTRAINT fk_api_key_org_id FOREIGN KEY(org_id) REFERENCES organization (org_id) ON DELETE RESTRICT,
	CONSTRAINT fk_api_key_org_id_account_id FOREIGN KEY(org_id, account_id) REFERENCES account (org_id, account_id) ON DELETE RESTRICT,
	CONSTRAINT fk_api_key_org_id_replaced_by FOREIGN KEY(org_id, replaced_by) REFERENCES api_key (org_id, key_id) ON DELETE RESTRICT
);

CREATE TABLE alert_rule (
	org_id BIGINT NOT NULL,
	alert_id BIGINT NOT NULL,
	account_id BIGINT NOT NULL,
	kind TEXT NOT NULL CONSTRAINT ck_alert_rule_kind CHECK (kind IN ('low_balance', 'run_out')),
	threshold BIGINT NOT NULL CONSTRAINT ck_alert_rule_threshold CHECK (threshold >= 0),
	channel TEXT NOT NULL,
	is_on BOOLEAN NOT NULL,
	is_armed BOOLEAN NOT NULL,
	last_fired_at TIMESTAMP WITH TIME ZONE,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_alert_rule PRIMARY KEY (org_id, alert_id),
	CONSTRAINT fk_alert_rule_org_id_account_id FOREIGN KEY(org_id, account_id) REFERENCES account (org_id, account_id) ON DELETE RESTRICT
);

CREATE INDEX ix_alert_rule_org_id_account_id ON alert_rule (org_id, account_id);

CREATE TABLE alert_sent (
	org_id BIGINT NOT NULL,
	sent_id BIGINT NOT NULL,
	alert_id BIGINT NOT NULL,
	account_id BIGINT NOT NULL,
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	kind TEXT NOT NULL,
	figure BIGINT NOT NULL,
	delivered BOOLEAN NOT NULL,
	error TEXT NOT NULL,
	CONSTRAINT pk_alert_sent PRIMARY KEY (org_id, sent_id),
	CONSTRAINT fk_alert_sent_org_id_account_id FOREIGN KEY(org_id, account_id) REFERENCES account (org_id, account_id) ON DELETE RESTRICT
);

CREATE INDEX ix_alert_sent_org_id_account_id_sent_id ON alert_sent (org_id, account_id, sent_id);

CREATE TABLE sweep_run (
	org_id BIGINT NOT NULL,
	run_id BIGINT NOT NULL,
	started_at TIMESTAMP WITH TIME ZONE NOT NULL,
	finished_at TIMESTAMP WITH TIME ZONE NOT NULL,
	actor TEXT NOT NULL,
	accounts BIGINT NOT NULL,
	resets BIGINT NOT NULL,
	rollovers BIGINT NOT NULL,
	expiries BIGINT NOT NULL,
	tokens_granted BIGINT NOT NULL,
	tokens_expired BIGINT NOT NULL,
	failed BIGINT NOT NULL,
	CONSTRAINT pk_sweep_run PRIMARY KEY (org_id, run_id),
	CONSTRAINT fk_sweep_run_org_id FOREIGN KEY(org_id) REFERENCES organization (org_id) ON DELETE RESTRICT
);

CREATE TABLE webhook_event (
	provider TEXT NOT NULL,
	event_id TEXT NOT NULL,
	received_at TIMESTAMP WITH TIME ZONE NOT NULL,
	kind TEXT NOT NULL,
	payload JSONB NOT NULL,
	payment TEXT NOT NULL,
	org_id BIGINT,
	purchase_id BIGINT,
	status TEXT NOT NULL CONSTRAINT ck_webhook_event_status CHECK (status IN ('received', 'handled', 'unmatched', 'ignored', 'failed')),
	note TEXT NOT NULL,
	handled_at TIMESTAMP WITH TIME ZONE,
	CONSTRAINT pk_webhook_event PRIMARY KEY (provider, event_id)
);

CREATE INDEX ix_webhook_event_org_id_received_at ON webhook_event (org_id, received_at);

CREATE INDEX ix_webhook_event_provider_payment ON webhook_event (provider, payment);

CREATE TABLE scheduler_lease (
	name TEXT NOT NULL,
	holder TEXT NOT NULL,
	until TIMESTAMP WITH TIME ZONE NOT NULL,
	last_started_at TIMESTAMP WITH TIME ZONE,
	last_finished_at TIMESTAMP WITH TIME ZONE,
	last_report JSONB,
	CONSTRAINT pk_scheduler_lease PRIMARY KEY (name)
);
