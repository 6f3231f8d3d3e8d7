-- Who is an admin because the operator's setting names them: they stop being one when it no longer does.
alter table users add column named_admin boolean not null default false;
