-- The floor on PostgreSQL: one function that does a complete spend where the data is, in the same tables, keys, counters
-- and rollups, under the same role and row-level security. It knows one kind of account (no pool) and one plan.
CREATE FUNCTION bench_spend(
    p_org bigint, p_account bigint, p_tokens bigint, p_agent text, p_model text, p_input bigint, p_output bigint,
    p_key text
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz; v_txn bigint; v_zone text; v_org_zone text; v_closed date; v_account account; v_due timestamptz;
    v_day date; v_org_day date; v_hour int; v_count bigint; v_before bigint := 0; v_need bigint := p_tokens;
    v_part bigint; v_seq int := 0; v_lines jsonb := '[]'; v_owed bigint; g record;
BEGIN
    PERFORM set_config('app.current_org', p_org::text, true);
    PERFORM pg_advisory_xact_lock_shared(-4611686018427387904 - p_org);  -- no month is closed meanwhile
    PERFORM pg_advisory_xact_lock(p_account);
    v_now := clock_timestamp();
    v_txn := nextval('creditbook_id');
    PERFORM 1 FROM operation_key WHERE org_id = p_org AND operation = 'spend' AND key = p_key;
    IF FOUND THEN RAISE EXCEPTION 'a key came twice'; END IF;
    SELECT zone, closed_through INTO v_org_zone, v_closed FROM organization WHERE org_id = p_org;
    SELECT * INTO v_account FROM account WHERE org_id = p_org AND account_id = p_account;
    IF v_account.status <> 'active' OR v_account.import_id IS NOT NULL THEN RAISE EXCEPTION 'not active'; END IF;
    v_now := greatest(v_now, v_account.clock_at);
    v_zone := coalesce(v_account.zone, v_org_zone);
    v_day := (v_now AT TIME ZONE v_zone)::date;
    v_org_day := (v_now AT TIME ZONE v_org_zone)::date;
    v_hour := extract(hour FROM v_now AT TIME ZONE v_org_zone);
    -- Settlement: nothing may be due.
    SELECT min(ends_at) INTO v_due FROM hold WHERE org_id = p_org AND account_id = p_account AND status = 'open';
    IF v_due <= v_now THEN RAISE EXCEPTION 'a hold is due'; END IF;
    SELECT min(period_ends_at) INTO v_due FROM wallet WHERE org_id = p_org AND account_id = p_account AND is_active;
    IF v_due <= v_now THEN RAISE EXCEPTION 'a reset is due'; END IF;
    SELECT sum(owed) INTO v_owed FROM debt WHERE org_id = p_org AND account_id = p_account AND owed > 0;
    -- Limits of the plan.
    IF p_input + p_output > 100000 THEN RAISE EXCEPTION 'too large'; END IF;
    SELECT requests INTO v_count FROM account_day WHERE org_id = p_org AND account_id = p_account AND day = v_day;
    IF v_count >= 1000000000 THEN RAISE EXCEPTION 'limit'; END IF;
    SELECT coalesce(sum(t.remaining - t.held), 0) INTO v_before FROM token_grant t
        JOIN wallet w ON w.org_id = t.org_id AND w.wallet_id = t.wallet_id
        WHERE t.org_id = p_org AND t.account_id = p_account AND t.live AND w.is_active AND NOT t.disputed
        AND t.closed_reason IS NULL AND (t.expires_at IS NULL OR t.expires_at > v_now);
    IF v_before < p_tokens THEN RAISE EXCEPTION 'short'; END IF;
    INSERT INTO ledger_transaction (org_id, txn_id, account_id, kind, tokens, charged, metered, late_capture, action,
        feature, agent, model, project, description, plan, input_tokens, output_tokens, cached_tokens,
        reasoning_tokens, requests, cost_usd_nanos, cost_parts, unpriced, price_version, event_at, effective_at,
        created_at, account_date, org_date, accounting_date, org_hour, available_before, available_after,
        quota_charged, actor, reason)
    VALUES (p_org, v_txn, p_account, 'usage', -p_tokens, p_tokens, false, false, 'chat', 'chat', p_agent, p_model, '',
        '', v_account.plan, p_input, p_output, 0, 0, 1, 12345000, '{"input": 12000000, "output": 345000}', false,
        'floor', v_now, v_now, v_now, v_day, v_org_day,
        CASE WHEN v_closed IS NULL OR v_org_day > v_closed THEN v_org_day ELSE v_closed + 1 END, v_hour, v_before,
        v_before - p_tokens, 0, '', '');
    FOR g IN
        SELECT t.grant_id, t.remaining, t.held, t.source, w.type FROM token_grant t
        JOIN wallet w ON w.org_id = t.org_id AND w.wallet_id = t.wallet_id
        WHERE t.org_id = p_org AND t.account_id = p_account AND t.live AND t.remaining > t.held AND w.is_active
        AND NOT t.disputed AND t.closed_reason IS NULL AND (t.expires_at IS NULL OR t.expires_at > v_now)
        AND (w.features IS NULL OR 'chat' = ANY(string_to_array(w.features, ' ')))
        ORDER BY w.features IS NULL, t.expires_at NULLS LAST,
            array_position(ARRAY['STANDARD', 'ROLLOVER', 'MONTHLY', 'BONUS', 'PREMIUM'], w.type),
            t.class IN ('plan', 'purchased'), t.effective_at, t.grant_id
    LOOP
        v_part := least(v_need, g.remaining - g.held);
        v_need := v_need - v_part;
        v_seq := v_seq + 1;
        UPDATE token_grant SET remaining = remaining - v_part WHERE org_id = p_org AND grant_id = g.grant_id;
        IF v_part = g.remaining AND g.source <> 'allowance' THEN
            UPDATE token_grant SET live = false WHERE org_id = p_org AND grant_id = g.grant_id;
        END IF;
        INSERT INTO entry (org_id, txn_id, seq, grant_id, account_id, amount, remaining_after, blocked)
        VALUES (p_org, v_txn, v_seq, g.grant_id, p_account, -v_part, g.remaining - v_part, false);
        v_lines := v_lines || jsonb_build_array(jsonb_build_array(g.grant_id, g.type, -v_part, g.remaining - v_part));
        EXIT WHEN v_need = 0;
    END LOOP;
    INSERT INTO operation_key (org_id, operation, key, request_hash, result, created_at)
    VALUES (p_org, 'spend', p_key, repeat('0', 32), jsonb_build_array('r', jsonb_build_array(v_txn, v_account.name,
        'usage', p_tokens, -p_tokens, false, v_before - p_tokens, 0, v_lines, v_now, NULL, false, NULL))::text, v_now);
    UPDATE account SET clock_at = v_now WHERE org_id = p_org AND account_id = p_account;
    INSERT INTO account_day VALUES (p_org, p_account, v_day, 1)
        ON CONFLICT (org_id, account_id, day) DO UPDATE SET requests = account_day.requests + 1;
    INSERT INTO usage_account_day AS u
        VALUES (p_org, p_account, v_day, v_org_day, p_agent, p_model, 'chat', 1, p_input, p_output, 0, 0, p_tokens, 0,
            12345000, 0, 0)
        ON CONFLICT (org_id, account_id, account_date, org_date, agent, model, feature) DO UPDATE SET {sums};
    INSERT INTO usage_org_day AS u
        VALUES (p_org, v_org_day, CASE WHEN v_closed IS NULL OR v_org_day > v_closed THEN v_org_day ELSE v_closed + 1 END,
            p_agent, p_model, 'chat', v_account.plan, p_account % 1009 % 4, 1, p_input, p_output, 0, 0, p_tokens, 0,
            12345000, 0, 0)
        ON CONFLICT (org_id, org_date, accounting_date, agent, model, feature, plan, shard) DO UPDATE SET {sums};
    INSERT INTO usage_org_hour AS u
        VALUES (p_org, v_org_day, v_hour, p_account % 1009 % 4, 1, p_input, p_output, 0, 0, p_tokens, 0, 12345000, 0, 0)
        ON CONFLICT (org_id, org_date, org_hour, shard) DO UPDATE SET {sums};
    INSERT INTO usage_month_account AS u
        VALUES (p_org, date_trunc('month', v_org_day)::date, p_account, 1, p_input, p_output, 0, 0, p_tokens, 0,
            12345000, 0, 0)
        ON CONFLICT (org_id, month, account_id) DO UPDATE SET {sums};
    INSERT INTO books_day AS b
        SELECT p_org, t.accounting_date, 'usage', w.class, '', p_account % 1009 % 4, count(*), 0, -sum(e.amount), 0, 0
        FROM ledger_transaction t JOIN entry e ON e.org_id = t.org_id AND e.txn_id = t.txn_id
        JOIN token_grant w ON w.org_id = e.org_id AND w.grant_id = e.grant_id
        WHERE t.org_id = p_org AND t.txn_id = v_txn GROUP BY t.accounting_date, w.class ORDER BY w.class
        ON CONFLICT (org_id, accounting_date, kind, class, currency, shard) DO UPDATE SET
            entries = b.entries + excluded.entries, tokens_out = b.tokens_out + excluded.tokens_out;
    RETURN v_txn;
END $$
