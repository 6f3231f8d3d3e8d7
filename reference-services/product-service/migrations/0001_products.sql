-- The catalogue, and the stock that orders hold.
create table categories (
    id           uuid primary key,
    slug         text not null unique,
    name         text not null,
    description  text not null default '',
    parent_id    uuid references categories (id)
);

-- Prices are whole minor units of the currency. The stock is what can still be reserved.
create table products (
    id                    uuid primary key,
    name                  text not null,
    description           text not null default '',
    price                 bigint not null check (price >= 0),
    currency              text not null,
    category_id           uuid not null references categories (id),
    sustainability_score  smallint not null check (sustainability_score between 0 and 100),
    stock                 integer not null check (stock >= 0),
    created_at            timestamptz not null default now()
);
create index products_category on products (category_id);

create table product_images (
    id          uuid primary key,
    product_id  uuid not null references products (id) on delete cascade,
    image_url   text not null,
    alt_text    text not null
);
create index product_images_product on product_images (product_id);

-- One row per line of an order. `held` was taken from the stock, `released` was given back, `sold` is gone.
create table reservations (
    order_id    uuid not null,
    product_id  uuid not null references products (id),
    quantity    integer not null check (quantity > 0),
    unit_price  bigint not null,
    currency    text not null,
    status      text not null default 'held' check (status in ('held', 'released', 'sold')),
    expires_at  timestamptz not null,
    created_at  timestamptz not null default now(),
    primary key (order_id, product_id)
);

create table inbox (
    consumer    text not null,
    event_id    uuid not null,
    claimed_at  timestamptz not null default now(),
    primary key (consumer, event_id)
);
