-- What finance reads and keeps, as the sixth migration made it (PostgreSQL). Frozen: later changes are later migrations.

ALTER TABLE token_grant ADD COLUMN tax_minor BIGINT NOT NULL DEFAULT 0 CONSTRAINT ck_token_grant_tax_is_within_the_price CHECK (tax_minor >= 0 AND tax_minor <= coalesce(price_minor, 0));

ALTER TABLE entry ADD COLUMN deferred_minor BIGINT NOT NULL DEFAULT 0;

DROP TABLE usage_account_day;

DROP TABLE usage_org_day;

CREATE TABLE usage_account_day (
	org_id BIGINT NOT NULL,
	account_id BIGINT NOT NULL,
	account_date DATE NOT NULL,
	org_date DATE NOT NULL,
	agent TEXT NOT NULL,
	model TEXT NOT NULL,
	feature TEXT NOT NULL,
	requests BIGINT NOT NULL,
	input_tokens BIGINT NOT NULL,
	output_tokens BIGINT NOT NULL,
	cached_tokens BIGINT NOT NULL,
	reasoning_tokens BIGINT NOT NULL,
	charged BIGINT NOT NULL,
	refunded BIGINT NOT NULL,
	cost_usd_nanos BIGINT NOT NULL,
	cost_inr_nanos BIGINT NOT NULL,
	unpriced BIGINT NOT NULL,
	CONSTRAINT pk_usage_account_day PRIMARY KEY (org_id, account_id, account_date, org_date, agent, model, feature),
	CONSTRAINT fk_usage_account_day_org_id FOREIGN KEY(org_id) REFERENCES organization (org_id) ON DELETE RESTRICT
)
 WITH (fillfactor = 80);

CREATE INDEX ix_usage_account_day_org_id_org_date_account_id ON usage_account_day (org_id, org_date, account_id);

CREATE TABLE usage_org_day (
	org_id BIGINT NOT NULL,
	org_date DATE NOT NULL,
	accounting_date DATE NOT NULL,
	agent TEXT NOT NULL,
	model TEXT NOT NULL,
	feature TEXT NOT NULL,
	plan TEXT NOT NULL,
	shard SMALLINT NOT NULL,
	requests BIGINT NOT NULL,
	input_tokens BIGINT NOT NULL,
	output_tokens BIGINT NOT NULL,
	cached_tokens BIGINT NOT NULL,
	reasoning_tokens BIGINT NOT NULL,
	charged BIGINT NOT NULL,
	refunded BIGINT NOT NULL,
	cost_usd_nanos BIGINT NOT NULL,
	cost_inr_nanos BIGINT NOT NULL,
	unpriced BIGINT NOT NULL,
	CONSTRAINT pk_usage_org_day PRIMARY KEY (org_id, org_date, accounting_date, agent, model, feature, plan, shard),
	CONSTRAINT fk_usage_org_day_org_id FOREIGN KEY(org_id) REFERENCES organization (org_id) ON DELETE RESTRICT
)
 WITH (fillfactor = 80);

CREATE INDEX ix_usage_org_day_late ON usage_org_day (org_id, accounting_date) WHERE accounting_date <> org_date;

CREATE TABLE books_day (
	org_id BIGINT NOT NULL,
	accounting_date DATE NOT NULL,
	kind TEXT NOT NULL,
	class TEXT NOT NULL,
	currency TEXT NOT NULL,
	shard SMALLINT NOT NULL,
	entries BIGINT NOT NULL,
	tokens_in BIGINT NOT NULL,
	tokens_out BIGINT NOT NULL,
	deferred_in_minor BIGINT NOT NULL,
	deferred_out_minor BIGINT NOT NULL,
	CONSTRAINT pk_books_day PRIMARY KEY (org_id, accounting_date, kind, class, currency, shard),
	CONSTRAINT fk_books_day_org_id FOREIGN KEY(org_id) REFERENCES organization (org_id) ON DELETE RESTRICT
)
 WITH (fillfactor = 80);

CREATE TABLE pack_month (
	org_id BIGINT NOT NULL,
	month DATE NOT NULL,
	grant_id BIGINT NOT NULL,
	kind TEXT NOT NULL,
	entries BIGINT NOT NULL,
	tokens_in BIGINT NOT NULL,
	tokens_out BIGINT NOT NULL,
	deferred_in_minor BIGINT NOT NULL,
	deferred_out_minor BIGINT NOT NULL,
	CONSTRAINT pk_pack_month PRIMARY KEY (org_id, month, grant_id, kind),
	CONSTRAINT fk_pack_month_org_id_grant_id FOREIGN KEY(org_id, grant_id) REFERENCES token_grant (org_id, grant_id) ON DELETE RESTRICT,
	CONSTRAINT fk_pack_month_org_id FOREIGN KEY(org_id) REFERENCES organization (org_id) ON DELETE RESTRICT
)
 WITH (fillfactor = 80);

CREATE TABLE period_close (
	org_id BIGINT NOT NULL,
	month DATE NOT NULL,
	closed_at TIMESTAMP WITH TIME ZONE NOT NULL,
	actor TEXT NOT NULL,
	reason TEXT NOT NULL,
	figures JSONB NOT NULL,
	digest TEXT NOT NULL,
	CONSTRAINT pk_period_close PRIMARY KEY (org_id, month),
	CONSTRAINT fk_period_close_org_id FOREIGN KEY(org_id) REFERENCES organization (org_id) ON DELETE RESTRICT
);

CREATE TABLE budget (
	org_id BIGINT NOT NULL,
	budget_id BIGINT NOT NULL,
	name TEXT NOT NULL,
	scope TEXT NOT NULL CONSTRAINT ck_budget_scope CHECK (scope IN ('total', 'agent', 'model', 'feature')),
	subject TEXT NOT NULL,
	month DATE,
	amount_nanos BIGINT NOT NULL CONSTRAINT ck_budget_amount_is_positive CHECK (amount_nanos > 0),
	currency TEXT NOT NULL CONSTRAINT ck_budget_currency CHECK (currency IN ('USD', 'INR')),
	channel TEXT NOT NULL,
	is_on BOOLEAN NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	created_by TEXT NOT NULL,
	ended_at TIMESTAMP WITH TIME ZONE,
	CONSTRAINT pk_budget PRIMARY KEY (org_id, budget_id),
	CONSTRAINT ck_budget_a_total_names_nothing CHECK (scope <> 'total' OR subject = ''),
	CONSTRAINT fk_budget_org_id FOREIGN KEY(org_id) REFERENCES organization (org_id) ON DELETE RESTRICT
)
 WITH (fillfactor = 80);

CREATE TABLE budget_alert (
	org_id BIGINT NOT NULL,
	budget_id BIGINT NOT NULL,
	month DATE NOT NULL,
	percent BIGINT NOT NULL,
	attempt BIGINT NOT NULL,
	step TEXT NOT NULL,
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	error TEXT NOT NULL,
	CONSTRAINT pk_budget_alert PRIMARY KEY (org_id, budget_id, month, percent, attempt, step),
	CONSTRAINT ck_budget_alert_percent CHECK (percent > 0),
	CONSTRAINT ck_budget_alert_attempt CHECK (attempt > 0),
	CONSTRAINT ck_budget_alert_step CHECK (step IN ('claimed', 'sent', 'failed')),
	CONSTRAINT fk_budget_alert_org_id_budget_id FOREIGN KEY(org_id, budget_id) REFERENCES budget (org_id, budget_id) ON DELETE RESTRICT
);

CREATE TABLE receipt (
	org_id BIGINT NOT NULL,
	fiscal_year TEXT NOT NULL,
	number BIGINT NOT NULL,
	purchase_id BIGINT NOT NULL,
	issued_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_receipt PRIMARY KEY (org_id, fiscal_year, number),
	CONSTRAINT ck_receipt_number CHECK (number > 0),
	CONSTRAINT uq_receipt_org_id_purchase_id UNIQUE (org_id, purchase_id),
	CONSTRAINT fk_receipt_org_id_purchase_id FOREIGN KEY(org_id, purchase_id) REFERENCES purchase (org_id, purchase_id) ON DELETE RESTRICT
);

CREATE TABLE export_schedule (
	org_id BIGINT NOT NULL,
	export_id BIGINT NOT NULL,
	what TEXT NOT NULL,
	format TEXT NOT NULL,
	folder TEXT NOT NULL,
	every TEXT NOT NULL CONSTRAINT ck_export_schedule_every CHECK (every IN ('day', 'week', 'month')),
	filters JSONB NOT NULL,
	is_on BOOLEAN NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	created_by TEXT NOT NULL,
	last_run_at TIMESTAMP WITH TIME ZONE,
	last_result TEXT NOT NULL,
	CONSTRAINT pk_export_schedule PRIMARY KEY (org_id, export_id),
	CONSTRAINT fk_export_schedule_org_id FOREIGN KEY(org_id) REFERENCES organization (org_id) ON DELETE RESTRICT
)
 WITH (fillfactor = 80);

CREATE TABLE account_code (
	org_id BIGINT NOT NULL,
	role TEXT NOT NULL,
	code TEXT NOT NULL CONSTRAINT ck_account_code_code CHECK (code <> ''),
	name TEXT NOT NULL,
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
	actor TEXT NOT NULL,
	CONSTRAINT pk_account_code PRIMARY KEY (org_id, role),
	CONSTRAINT fk_account_code_org_id FOREIGN KEY(org_id) REFERENCES organization (org_id) ON DELETE RESTRICT
);

CREATE UNIQUE INDEX uq_ledger_transaction_correction ON ledger_transaction (org_id, reverses_txn_id, price_version) WHERE kind = 'adjustment' AND price_version IS NOT NULL;

CREATE INDEX ix_ledger_transaction_org_id_org_date_txn_id ON ledger_transaction (org_id, org_date, txn_id);

CREATE INDEX ix_ledger_transaction_late ON ledger_transaction (org_id, accounting_date, txn_id) WHERE accounting_date <> org_date;

CREATE INDEX ix_ledger_transaction_money_back ON ledger_transaction (org_id, accounting_date, txn_id) WHERE kind = 'purchase_refund';

CREATE INDEX ix_ledger_transaction_unpriced ON ledger_transaction (org_id, model, txn_id) WHERE unpriced;
