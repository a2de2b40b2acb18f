-- How much heavy work it does at once, so that others know how many could help them.
alter table member add column slots integer not null default 0;
