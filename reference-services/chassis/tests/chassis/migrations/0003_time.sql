-- How long a statement of a migration may take.
create table time_of_migrations as select current_setting('statement_timeout') as statement_timeout;
