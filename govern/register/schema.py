"""The register's tables, by noun. A local cache: it is deleted and rebuilt whenever this text changes, and never migrated.

Ids are 32 hex digits, times UTC ISO 8601 text, flags 0 or 1. `entry` is always the ledger index of the fact that made the row.
"""

from __future__ import annotations

import zlib
from typing import Final

DDL: Final = """
CREATE TABLE state (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE entries (
  idx INTEGER PRIMARY KEY, id TEXT, type TEXT, actor TEXT, key TEXT, at TEXT, compartment TEXT NOT NULL DEFAULT '', UNIQUE (id, compartment));
CREATE TABLE findings (entry INTEGER, code TEXT, signer TEXT, message TEXT, PRIMARY KEY (entry, code)) WITHOUT ROWID;

CREATE TABLE people (
  id TEXT PRIMARY KEY, handle TEXT, name TEXT, mail TEXT, department TEXT, locale TEXT, agency TEXT,
  external INTEGER NOT NULL DEFAULT 0, leaving INTEGER NOT NULL DEFAULT 0, last_day TEXT, left_on TEXT, added_at TEXT, entry INTEGER,
  erased INTEGER NOT NULL DEFAULT 0, gone_entry INTEGER, mail_by TEXT, mail_entry INTEGER);
CREATE INDEX people_handle ON people (handle);
CREATE TABLE keys (id TEXT PRIMARY KEY, person TEXT, sign BLOB, seal BLOB, custody TEXT, state TEXT, entry INTEGER);
CREATE INDEX keys_person ON keys (person);
CREATE TABLE machines (key TEXT PRIMARY KEY, at TEXT, entry INTEGER) WITHOUT ROWID;
CREATE TABLE revocations (key TEXT PRIMARY KEY, cause TEXT, at TEXT, entry INTEGER) WITHOUT ROWID;
CREATE TABLE invites (
  id TEXT PRIMARY KEY, person TEXT, purpose TEXT, token TEXT, expires TEXT, inviter TEXT, key TEXT, state TEXT NOT NULL DEFAULT 'open',
  at TEXT, ended INTEGER, entry INTEGER) WITHOUT ROWID;
CREATE INDEX invites_person ON invites (person);
CREATE TABLE keepers (key TEXT, sheet INTEGER, person TEXT, at TEXT, entry INTEGER, PRIMARY KEY (key, sheet, person)) WITHOUT ROWID;
CREATE INDEX keepers_person ON keepers (person);
CREATE TABLE services (
  id TEXT PRIMARY KEY, person TEXT, authoriser TEXT, key TEXT, purposes TEXT, until TEXT, ended TEXT, ended_at TEXT, entry INTEGER) WITHOUT ROWID;
CREATE INDEX services_person ON services (person);
CREATE TABLE served (person TEXT, account TEXT, authority TEXT, ended_at TEXT, entry INTEGER, PRIMARY KEY (person, account)) WITHOUT ROWID;
CREATE INDEX served_account ON served (account);
CREATE TABLE roles (person TEXT, role TEXT, until TEXT, entry INTEGER, PRIMARY KEY (person, role)) WITHOUT ROWID;
CREATE TABLE sponsors (what TEXT, id TEXT, signer TEXT, PRIMARY KEY (what, id, signer)) WITHOUT ROWID;
CREATE TABLE proposals (
  id TEXT PRIMARY KEY, act TEXT, parameters TEXT, proposer TEXT, key TEXT, made_at TEXT, expires TEXT, reason TEXT, state TEXT NOT NULL DEFAULT 'open',
  second TEXT, ended_at TEXT, ended_entry INTEGER, entry INTEGER);
CREATE TABLE unseated (entry INTEGER PRIMARY KEY, person TEXT, actor TEXT);
CREATE TABLE listed (entry INTEGER, proposal TEXT, part INTEGER, PRIMARY KEY (proposal, entry)) WITHOUT ROWID;
CREATE TABLE concerns (person TEXT, entry INTEGER, PRIMARY KEY (person, entry)) WITHOUT ROWID;
CREATE TABLE erased (entry INTEGER PRIMARY KEY, erasure INTEGER);
CREATE TABLE doomed (
  proposal TEXT, credential TEXT, n INTEGER, key TEXT, digest TEXT, PRIMARY KEY (proposal, credential, n, key)) WITHOUT ROWID;
CREATE TABLE erased_versions (manifest TEXT PRIMARY KEY, erasure INTEGER) WITHOUT ROWID;
CREATE TABLE epochs (id TEXT, compartment TEXT, number INTEGER, previous TEXT, entry INTEGER, PRIMARY KEY (id, compartment));
CREATE TABLE compartments (id TEXT PRIMARY KEY, entry INTEGER) WITHOUT ROWID;

CREATE TABLE accounts (
  id TEXT PRIMARY KEY, handle TEXT UNIQUE, platform TEXT, tier TEXT, custodian TEXT, deputy TEXT, department TEXT, client TEXT,
  prompts_reach TEXT, login TEXT, url TEXT, title TEXT, state TEXT NOT NULL DEFAULT 'active', added_at TEXT, entry INTEGER,
  returned_at TEXT, erased INTEGER NOT NULL DEFAULT 0);
CREATE TABLE texts_of (account TEXT, entry INTEGER, PRIMARY KEY (account, entry)) WITHOUT ROWID;
CREATE INDEX accounts_platform ON accounts (platform, login);
CREATE INDEX accounts_custodian ON accounts (custodian);
CREATE INDEX accounts_deputy ON accounts (deputy) WHERE deputy IS NOT NULL;
CREATE INDEX accounts_prompts ON accounts (prompts_reach) WHERE prompts_reach IS NOT NULL;
CREATE TABLE url_setters (account TEXT, person TEXT, entry INTEGER, PRIMARY KEY (account, person)) WITHOUT ROWID;
CREATE TABLE servers (account TEXT, server TEXT, person TEXT, entry INTEGER, PRIMARY KEY (account, server, person)) WITHOUT ROWID;
CREATE TABLE tags (tag TEXT, account TEXT, PRIMARY KEY (tag, account)) WITHOUT ROWID;
CREATE INDEX tags_account ON tags (account);
CREATE TABLE depends (account TEXT, needs TEXT, PRIMARY KEY (account, needs)) WITHOUT ROWID;
CREATE INDEX depends_needs ON depends (needs);

CREATE TABLE credentials (id TEXT PRIMARY KEY, account TEXT, kind TEXT, kept_in TEXT, entry INTEGER);
CREATE INDEX credentials_account ON credentials (account, kind);
CREATE INDEX credentials_channel ON credentials (account) WHERE kind IN ('recovery-email', 'recovery-phone');
CREATE INDEX credentials_kept ON credentials (kept_in);
CREATE TABLE versions (
  credential TEXT, n INTEGER, state TEXT, origin TEXT, manifest TEXT, setter TEXT, staged_at TEXT, current_at TEXT, changed_at TEXT,
  ended_at TEXT, reuses INTEGER, rotation TEXT, others_unknown INTEGER NOT NULL DEFAULT 0, weak INTEGER NOT NULL DEFAULT 0, entry INTEGER,
  PRIMARY KEY (credential, n)) WITHOUT ROWID;
CREATE TABLE calendar (
  kind TEXT, tier TEXT, brought INTEGER, day TEXT, credential TEXT, PRIMARY KEY (kind, tier, brought, day, credential)) WITHOUT ROWID;
CREATE TABLE remembered (credential TEXT, n INTEGER, sealed TEXT, PRIMARY KEY (credential, n)) WITHOUT ROWID;
CREATE TABLE wraps (
  credential TEXT, n INTEGER, key TEXT, added INTEGER, ended INTEGER, digest TEXT, PRIMARY KEY (credential, n, key, added)) WITHOUT ROWID;
CREATE INDEX wraps_key ON wraps (key) WHERE ended IS NULL;
CREATE TABLE wrap_sets (entry INTEGER PRIMARY KEY, digest TEXT);
CREATE TABLE epoch_wraps (entry INTEGER, epoch TEXT, key TEXT, PRIMARY KEY (epoch, key, entry)) WITHOUT ROWID;
CREATE TABLE readers_ended (epoch TEXT, key TEXT, entry INTEGER, PRIMARY KEY (epoch, key)) WITHOUT ROWID;

CREATE TABLE grants (
  id TEXT PRIMARY KEY, account TEXT, person TEXT, giver TEXT, kinds TEXT, since TEXT, until TEXT, emergency INTEGER NOT NULL DEFAULT 0,
  ended_at TEXT, cause TEXT, reason TEXT, entry INTEGER, ended_entry INTEGER);
CREATE INDEX grants_account ON grants (account) WHERE ended_at IS NULL;
CREATE INDEX grants_person ON grants (person, account);
CREATE INDEX grants_until ON grants (until) WHERE ended_at IS NULL AND until IS NOT NULL;
CREATE INDEX grants_over ON grants (account, person, ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX grants_emergency ON grants (account, person) WHERE emergency = 1;
CREATE INDEX grants_departed ON grants (person) WHERE cause = 'departure';
CREATE TABLE may_lack (person TEXT, credential TEXT, PRIMARY KEY (person, credential)) WITHOUT ROWID;
CREATE TABLE exposures (
  person TEXT, credential TEXT, n INTEGER, basis TEXT, strength TEXT, since TEXT, entry INTEGER,
  PRIMARY KEY (person, credential, n, basis)) WITHOUT ROWID;
CREATE INDEX exposures_version ON exposures (credential, n);
CREATE TABLE places (id TEXT PRIMARY KEY, kind TEXT, name TEXT, entry INTEGER);
CREATE TABLE place_people (
  place TEXT, person TEXT, since TEXT, until TEXT, entry INTEGER, PRIMARY KEY (place, person, entry)) WITHOUT ROWID;
CREATE INDEX place_people_person ON place_people (person);
CREATE TABLE place_accounts (
  place TEXT, account TEXT, since TEXT, cleaned_at TEXT, entry INTEGER, PRIMARY KEY (place, account)) WITHOUT ROWID;
CREATE INDEX place_accounts_account ON place_accounts (account);
CREATE TABLE place_versions (
  place TEXT, credential TEXT, n INTEGER, since TEXT, cleaned_at TEXT, opened_at TEXT, opener TEXT, entry INTEGER,
  PRIMARY KEY (place, credential, n)) WITHOUT ROWID;
CREATE INDEX place_versions_credential ON place_versions (credential, n);

CREATE TABLE entitlements (
  id TEXT PRIMARY KEY, account TEXT, person TEXT, role TEXT, admin INTEGER NOT NULL DEFAULT 0, since TEXT, login TEXT, evidence TEXT,
  recorder TEXT, at TEXT, ended_at TEXT, ended_on TEXT, ender TEXT, ended_entry INTEGER, entry INTEGER) WITHOUT ROWID;
CREATE INDEX entitlements_account ON entitlements (account);
CREATE INDEX entitlements_person ON entitlements (person);
CREATE TABLE apps (
  id TEXT PRIMARY KEY, account TEXT, tool TEXT, person TEXT, scopes TEXT, since TEXT, login TEXT, evidence TEXT,
  recorder TEXT, at TEXT, ended_at TEXT, ended_on TEXT, ender TEXT, ended_entry INTEGER, entry INTEGER) WITHOUT ROWID;
CREATE INDEX apps_account ON apps (account);
CREATE INDEX apps_person ON apps (person);
CREATE TABLE spokespersons (
  id TEXT PRIMARY KEY, account TEXT, person TEXT, trained_on TEXT, evidence TEXT, namer TEXT, at TEXT, ended_at TEXT, ended_on TEXT, ender TEXT,
  ended_entry INTEGER, entry INTEGER) WITHOUT ROWID;
CREATE INDEX spokespersons_account ON spokespersons (account) WHERE ended_at IS NULL;
CREATE INDEX spokespersons_person ON spokespersons (person) WHERE ended_at IS NULL;
CREATE TABLE exceptions (
  id TEXT PRIMARY KEY, point TEXT, account TEXT, person TEXT, until TEXT, reason TEXT, granter TEXT, at TEXT, ended_at TEXT, ender TEXT,
  ended_entry INTEGER, entry INTEGER) WITHOUT ROWID;
CREATE INDEX exceptions_account ON exceptions (account) WHERE ended_at IS NULL;
CREATE INDEX exceptions_person ON exceptions (person) WHERE ended_at IS NULL;
CREATE TABLE reports (
  id TEXT PRIMARY KEY, kind TEXT, account TEXT, reporter TEXT, on_behalf TEXT, note TEXT, answer_by TEXT, at TEXT, answered_at TEXT, answerer TEXT,
  incident TEXT, entry INTEGER) WITHOUT ROWID;
CREATE INDEX reports_open ON reports (answer_by) WHERE answered_at IS NULL;
CREATE TABLE incidents (
  id TEXT PRIMARY KEY, kind TEXT, account TEXT, lead TEXT, second TEXT, report TEXT, drill INTEGER NOT NULL DEFAULT 0, opener TEXT, at TEXT,
  cleared_at TEXT, clearer TEXT, cleared_alone INTEGER NOT NULL DEFAULT 0, closed_at TEXT, closer TEXT, closed_entry INTEGER, entry INTEGER) WITHOUT ROWID;
CREATE INDEX incidents_open ON incidents (account) WHERE closed_at IS NULL;
CREATE TABLE incident_steps (
  incident TEXT, seq INTEGER, step TEXT, hand TEXT, state TEXT NOT NULL DEFAULT 'open', at TEXT, ender TEXT, evidence TEXT, note TEXT, entry INTEGER,
  PRIMARY KEY (incident, step)) WITHOUT ROWID;
CREATE TABLE lessons (incident TEXT PRIMARY KEY, text TEXT, entry INTEGER) WITHOUT ROWID;
CREATE TABLE freezes (
  id TEXT PRIMARY KEY, account TEXT, allowed TEXT, look_again TEXT, incident TEXT, freezer TEXT, at TEXT, ended_at TEXT, ender TEXT, ended_entry INTEGER,
  entry INTEGER) WITHOUT ROWID;
CREATE INDEX freezes_open ON freezes (account) WHERE ended_at IS NULL;
CREATE TABLE descriptions (
  account TEXT PRIMARY KEY, business INTEGER, second_factor TEXT, mail TEXT, phone TEXT, purpose TEXT, entry INTEGER) WITHOUT ROWID;
CREATE TABLE reviews (
  id TEXT PRIMARY KEY, scope TEXT, cause TEXT, about TEXT, department TEXT, due TEXT, items INTEGER, parts INTEGER, opener TEXT, at TEXT,
  closed_at TEXT, closer TEXT, entry INTEGER) WITHOUT ROWID;
CREATE TABLE review_items (
  review TEXT, seq INTEGER, what TEXT, of TEXT, account TEXT, person TEXT, handle TEXT, name TEXT, role TEXT, since TEXT, reviewer TEXT,
  reviewer_handle TEXT, decision TEXT, decider TEXT, decider_handle TEXT, decided_at TEXT, reason TEXT, entry INTEGER, PRIMARY KEY (review, seq)
) WITHOUT ROWID;
CREATE UNIQUE INDEX review_items_once ON review_items (review, of);
CREATE INDEX review_items_of ON review_items (of);
CREATE INDEX review_items_account ON review_items (account);
CREATE TABLE reviewed (account TEXT, review TEXT, PRIMARY KEY (account, review)) WITHOUT ROWID;
CREATE TABLE custody_changes (account TEXT PRIMARY KEY, at TEXT, entry INTEGER) WITHOUT ROWID;
CREATE TABLE documents (id TEXT PRIMARY KEY, name TEXT UNIQUE, entry INTEGER) WITHOUT ROWID;
CREATE TABLE document_versions (
  document TEXT, version TEXT, n INTEGER, adopter TEXT, at TEXT, entry INTEGER, place INTEGER, deadline TEXT, audience TEXT, published_at TEXT,
  publisher TEXT, PRIMARY KEY (document, version)) WITHOUT ROWID;
CREATE TABLE document_texts (
  document TEXT, version TEXT, locale TEXT, digest TEXT, size INTEGER, text TEXT, entry INTEGER, PRIMARY KEY (document, version, locale)) WITHOUT ROWID;
CREATE TABLE audiences (document TEXT, version TEXT, person TEXT, PRIMARY KEY (document, version, person)) WITHOUT ROWID;
CREATE TABLE acknowledgements (
  id TEXT PRIMARY KEY, document TEXT, version TEXT, person TEXT, how TEXT, evidence TEXT, on_day TEXT, locale TEXT, recorder TEXT, at TEXT,
  counts INTEGER, verifier TEXT, verified_at TEXT, entry INTEGER) WITHOUT ROWID;
CREATE INDEX acknowledgements_person ON acknowledgements (person, document) WHERE counts;
CREATE TABLE trainings (
  id TEXT PRIMARY KEY, person TEXT, subject TEXT, on_day TEXT, evidence TEXT, recorder TEXT, at TEXT, entry INTEGER) WITHOUT ROWID;
CREATE INDEX trainings_person ON trainings (person, subject, on_day);
CREATE TABLE asked (tier TEXT, what TEXT, days INTEGER, since TEXT, answering TEXT, PRIMARY KEY (tier, what)) WITHOUT ROWID;
CREATE TABLE tiered (account TEXT PRIMARY KEY, since TEXT) WITHOUT ROWID;
CREATE TABLE devices (
  id TEXT PRIMARY KEY, person TEXT, kind TEXT, name TEXT, since TEXT, evidence TEXT, recorder TEXT, at TEXT, state TEXT NOT NULL DEFAULT 'held',
  ended_at TEXT, ended_on TEXT, ender TEXT, ended_entry INTEGER, entry INTEGER) WITHOUT ROWID;
CREATE INDEX devices_person ON devices (person);
CREATE TABLE device_accounts (device TEXT, account TEXT, out_by TEXT, out_entry INTEGER, PRIMARY KEY (device, account)) WITHOUT ROWID;
CREATE INDEX device_accounts_account ON device_accounts (account);
CREATE TABLE channels (
  credential TEXT, n INTEGER, reach TEXT, person TEXT, teller TEXT, at TEXT, entry INTEGER, before TEXT, PRIMARY KEY (credential, n)) WITHOUT ROWID;
CREATE INDEX channels_person ON channels (person);

CREATE TABLE rotations (
  id TEXT PRIMARY KEY, credential TEXT, trigger TEXT, state TEXT, person TEXT, due TEXT, opened_at TEXT, opener TEXT, candidate INTEGER,
  shown INTEGER NOT NULL DEFAULT 0, ended_at TEXT, confirmer TEXT, grade TEXT, sessions_cut INTEGER, residual_until TEXT, cut TEXT,
  ended_entry INTEGER, entry INTEGER, connector TEXT, by TEXT, connected INTEGER, server TEXT, cleared INTEGER, awaits TEXT);
CREATE INDEX rotations_credential ON rotations (credential);
CREATE INDEX rotations_left ON rotations (credential) WHERE state = 'aborted' AND connected IS NOT NULL AND cleared IS NULL;
CREATE UNIQUE INDEX rotations_open ON rotations (credential) WHERE ended_at IS NULL;
CREATE TABLE probes (entry INTEGER PRIMARY KEY, rotation TEXT, n INTEGER, answer TEXT, retry_at TEXT, key TEXT, at TEXT);
CREATE INDEX probes_rotation ON probes (rotation);
CREATE TABLE cases (
  id TEXT PRIMARY KEY, person TEXT, kind TEXT, state TEXT, cut_at TEXT, last_day TEXT, requested_by TEXT, opener TEXT, opened_at TEXT,
  items INTEGER, frozen TEXT, frozen_at INTEGER, closed_at TEXT, closer TEXT, signed_by_one INTEGER, statement TEXT,
  cut_made_at TEXT, cut_entry INTEGER, closed_entry INTEGER, entry INTEGER, compartment TEXT,
  cut_order TEXT, evidence TEXT, kept TEXT, keys TEXT, accounts TEXT, starts_on TEXT);
CREATE INDEX cases_person ON cases (person);
CREATE TABLE items (
  case_id TEXT, id TEXT, seq INTEGER, kind TEXT, account TEXT, credential TEXT, n INTEGER, due TEXT, blocking INTEGER, basis TEXT,
  about TEXT, state TEXT NOT NULL DEFAULT 'open', assignee TEXT, ended_at TEXT, ended_by TEXT, grade TEXT, evidence TEXT, note TEXT,
  verifier TEXT, cites INTEGER, entered_by TEXT, PRIMARY KEY (case_id, id)) WITHOUT ROWID;
CREATE INDEX items_credential ON items (credential) WHERE state = 'open';

CREATE TABLE ways (
  id TEXT PRIMARY KEY, account TEXT, kind TEXT, name TEXT, ref TEXT, connector TEXT, actor TEXT, at TEXT, gone INTEGER, ended_at TEXT,
  entry INTEGER) WITHOUT ROWID;
CREATE INDEX ways_account ON ways (account);

CREATE TABLE leases (
  id TEXT PRIMARY KEY, person TEXT, key TEXT, purpose TEXT, at TEXT, until TEXT, released_at TEXT, entry INTEGER) WITHOUT ROWID;
CREATE INDEX leases_open ON leases (until) WHERE released_at IS NULL;
CREATE TABLE reminded (thing TEXT, due TEXT, person TEXT, point INTEGER, at TEXT, entry INTEGER, PRIMARY KEY (thing, due, person)) WITHOUT ROWID;
CREATE TABLE undelivered (
  person TEXT, case_id TEXT, since TEXT, at TEXT, tries INTEGER, channel TEXT, outcome TEXT, reason TEXT, entry INTEGER,
  PRIMARY KEY (person, case_id)) WITHOUT ROWID;
CREATE TABLE snoozes (thing TEXT PRIMARY KEY, until TEXT, person TEXT, reason TEXT, at TEXT, times INTEGER, entry INTEGER) WITHOUT ROWID;
CREATE TABLE acknowledged (thing TEXT, person TEXT, at TEXT, entry INTEGER, PRIMARY KEY (thing, person)) WITHOUT ROWID;
CREATE TABLE notice_channels (
  id TEXT PRIMARY KEY, name TEXT, kind TEXT, credential TEXT, tls TEXT, port INTEGER, host TEXT, sender TEXT, login TEXT, reply_to TEXT,
  setter TEXT, at TEXT, ended_at TEXT, works INTEGER, since TEXT, entry INTEGER) WITHOUT ROWID;
CREATE INDEX notice_channels_credential ON notice_channels (credential) WHERE ended_at IS NULL;

CREATE TABLE baseline (key TEXT PRIMARY KEY, until TEXT, entry INTEGER);
CREATE TABLE imports (entry INTEGER PRIMARY KEY, format TEXT, path TEXT, at TEXT, created INTEGER, sealed INTEGER);
CREATE TABLE exports (entry INTEGER PRIMARY KEY, path TEXT, at TEXT);
CREATE TABLE shown (
  entry INTEGER PRIMARY KEY, what TEXT, person TEXT, credential TEXT, n INTEGER, purpose TEXT, recipient TEXT, reason TEXT, at TEXT);
CREATE INDEX shown_credential ON shown (credential);
CREATE TABLE spent (
  credential TEXT, n INTEGER, ordinal INTEGER, remaining INTEGER, person TEXT, recipient TEXT, reason TEXT, at TEXT, entry INTEGER,
  PRIMARY KEY (credential, n, ordinal)) WITHOUT ROWID;
"""

MAY_LACK: Final = """INSERT OR IGNORE INTO may_lack SELECT g.person, c.id
  FROM grants g JOIN credentials c ON c.account = g.account AND c.kind <> 'backup-codes'
  JOIN versions v ON v.credential = c.id AND v.state = 'current' AND v.manifest IS NOT NULL AND (v.rotation IS NOT NULL OR c.kind = 'password')
  WHERE g.ended_at IS NULL AND NOT EXISTS (SELECT 1 FROM keys k WHERE k.person = g.person AND k.state = 'active')
    AND NOT EXISTS (SELECT 1 FROM exposures e WHERE e.person = g.person AND e.credential = c.id AND e.n = v.n AND e.strength <> 'possible')
    AND"""
"""Whoever lacks what counts, of some grants `g` or credentials `c` that the caller names behind it: the kinds as `govern.holdings.handing_over` has them."""

TRIGGERS: Final = (
    """
CREATE TRIGGER calendar_changed AFTER UPDATE OF state ON versions WHEN 'current' IN (OLD.state, NEW.state) BEGIN
  DELETE FROM calendar WHERE OLD.state = 'current' AND (kind, tier, brought, day, credential) IN (
    SELECT c.kind, a.tier, OLD.others_unknown,
      substr(iif(OLD.others_unknown, OLD.current_at, coalesce(OLD.changed_at, OLD.current_at)), 1, 10), c.id
    FROM credentials c JOIN accounts a ON a.id = c.account WHERE c.id = OLD.credential);
  INSERT INTO calendar SELECT c.kind, a.tier, NEW.others_unknown,
    substr(iif(NEW.others_unknown, NEW.current_at, coalesce(NEW.changed_at, NEW.current_at)), 1, 10), c.id
    FROM credentials c JOIN accounts a ON a.id = c.account WHERE c.id = NEW.credential AND a.state = 'active' AND NEW.state = 'current';
END""",
    """
CREATE TRIGGER calendar_account AFTER UPDATE OF tier, state ON accounts WHEN NEW.tier IS NOT OLD.tier OR NEW.state IS NOT OLD.state BEGIN
  DELETE FROM calendar WHERE (kind, tier, brought, day, credential) IN (
    SELECT c.kind, OLD.tier, v.others_unknown, substr(iif(v.others_unknown, v.current_at, coalesce(v.changed_at, v.current_at)), 1, 10), c.id
    FROM credentials c JOIN versions v ON v.credential = c.id AND v.state = 'current' WHERE c.account = OLD.id);
  INSERT INTO calendar
    SELECT c.kind, NEW.tier, v.others_unknown, substr(iif(v.others_unknown, v.current_at, coalesce(v.changed_at, v.current_at)), 1, 10), c.id
    FROM credentials c JOIN versions v ON v.credential = c.id AND v.state = 'current' WHERE c.account = NEW.id AND NEW.state = 'active';
END""",
    f"""
CREATE TRIGGER may_lack_version AFTER UPDATE OF state ON versions WHEN NEW.state = 'current' AND OLD.state <> 'current' BEGIN
  {MAY_LACK} c.id = NEW.credential;
END""",
    f"""
CREATE TRIGGER may_lack_revoked AFTER UPDATE OF state ON keys WHEN OLD.state = 'active' AND NEW.state <> 'active' BEGIN
  {MAY_LACK} g.person = NEW.person;
END""",
    """
CREATE TRIGGER may_lack_enrolled AFTER INSERT ON keys WHEN NEW.state = 'active' BEGIN
  DELETE FROM may_lack WHERE person = NEW.person;
END""",
)
"""`calendar` says since when each secret in use stands, by what its rule asks for: kind, tier, whether an import brought it. So whatever is due is
found without looking at the rest. It follows from the other tables alone; of a credential's first version `version.staged` writes it, since a
trigger on `versions` would cost each inserted row a journal of its own, and SQLite a walk through all that the savepoint holds.

`may_lack` has everybody without keys who may not have the secret that counts of what they hold, and at times somebody to whom it came by another way
than a hand-over: so hand-overs that are due are found without looking at all grants. What inserts or ends grants, and what inserts first versions,
writes it for them."""

TABLES: Final = tuple(line.split()[2] for line in DDL.splitlines() if line.startswith("CREATE TABLE"))

_READING: Final = 10
"""Raised where the same facts make other rows in the same tables."""

VERSION: Final = f"{zlib.crc32(f'{DDL}{TRIGGERS}{_READING}'.encode()):08x}"
"""Stands in `state`; a register with another one is rebuilt."""
