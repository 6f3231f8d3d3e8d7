-- One database for the services: a role that owns a schema each and outlives every login, and OpenBao, which makes the logins.
\getenv openbao_password OPENBAO_PASSWORD
\getenv sandbox_password SANDBOX_PASSWORD

CREATE ROLE openbao LOGIN CREATEROLE PASSWORD :'openbao_password';
-- A revoked login's sessions are ended with it.
GRANT pg_signal_backend TO openbao;

CREATE DATABASE ecotrack;
REVOKE ALL ON DATABASE ecotrack FROM PUBLIC;
GRANT CONNECT ON DATABASE ecotrack TO openbao;

-- The outside world's own, out of the services' reach.
CREATE ROLE provider_sandbox LOGIN PASSWORD :'sandbox_password';
CREATE DATABASE provider_sandbox OWNER provider_sandbox;
REVOKE ALL ON DATABASE provider_sandbox FROM PUBLIC;
REVOKE CONNECT ON DATABASE postgres FROM PUBLIC;

\connect ecotrack
REVOKE ALL ON SCHEMA public FROM PUBLIC;
SELECT format('CREATE ROLE %I NOLOGIN', service),
       format('GRANT CONNECT, TEMPORARY ON DATABASE ecotrack TO %I', service),
       format('CREATE SCHEMA %I AUTHORIZATION %I', service, service),
       format('GRANT %I TO openbao WITH ADMIN OPTION', service)
FROM unnest(ARRAY['user_service', 'product_service', 'order_service', 'payment_service', 'notification_service']) AS service
\gexec
