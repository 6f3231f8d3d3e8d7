-- The catalogue in full: versions, archive, full text, ordered images, the parts of a score; and what a time limit needs.

-- `version` counts what administrators change, not what orders take. `supplied` is every piece there ever was, so that
-- supplied = stock + held + sold can be checked at any time.
alter table products
    add column version          bigint not null default 1,
    add column archived_at      timestamptz,
    add column sustainability   jsonb,
    add column supplied         bigint not null default 0,
    add column search_text      tsvector not null generated always as (
        setweight(to_tsvector('english', name), 'A') || setweight(to_tsvector('english', description), 'B')) stored;

update products set supplied = stock + coalesce((
    select sum(quantity) from reservations
    where product_id = products.id and status in ('held', 'sold')), 0);

create index products_search_text on products using gin (search_text);
create index products_price on products (currency, price, id) where archived_at is null;
create index products_score on products (sustainability_score, id) where archived_at is null;

-- The first image is the one that lists show.
alter table product_images add column position smallint not null default 0;
update product_images set position = ordered.position from (
    select id, row_number() over (partition by product_id order by id) - 1 as position from product_images) as ordered
where product_images.id = ordered.id;
alter table product_images add unique (product_id, position);
drop index product_images_product;

create index categories_parent on categories (parent_id);

-- `expired` was given back because its time was over. No `expires_at`: a payment is under way or done, it stays.
alter table reservations alter column expires_at drop not null;
alter table reservations drop constraint reservations_status_check;
alter table reservations add constraint reservations_status_check
    check (status in ('held', 'released', 'sold', 'expired'));
create index reservations_due on reservations (expires_at) where status = 'held' and expires_at is not null;
create index reservations_demand on reservations (created_at) where status in ('held', 'sold');
create index reservations_product on reservations (product_id);

-- Orders that were given up before their reservation arrived: it comes too late then.
create table released_orders (
    order_id     uuid primary key,
    released_at  timestamptz not null default now()
);
create index released_orders_age on released_orders (released_at);
