-- What was bought together is counted in the newest orders of a product, which this finds without reading the others. Nothing
-- else is looked for by product, so it takes the place of the index that did not know the time.
create index reservations_newest on reservations (product_id, created_at desc) where status in ('held', 'sold');
drop index reservations_product;
