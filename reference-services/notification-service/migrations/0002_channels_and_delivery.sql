-- One event may be told on two channels; what a provider accepted may come back.
ALTER TABLE notifications DROP CONSTRAINT notifications_event_id_key;
ALTER TABLE notifications ADD CONSTRAINT notifications_one_per_channel UNIQUE (event_id, channel);
ALTER TABLE notifications DROP CONSTRAINT notifications_status_check;
ALTER TABLE notifications ADD CONSTRAINT notifications_status_check
    CHECK (status IN ('pending', 'sent', 'delivered', 'failed', 'bounced'));

-- Where to, if not where the user can be reached now: a changed address is told to the old one. Erased with the user.
ALTER TABLE notifications ADD COLUMN address text;

DROP INDEX notifications_due;
CREATE INDEX notifications_due ON notifications (channel, next_attempt_at) WHERE next_attempt_at IS NOT NULL;
-- Providers report by their own id.
CREATE INDEX notifications_by_reference ON notifications (provider_reference) WHERE provider_reference IS NOT NULL;

-- What is being sent, word for word, so that every attempt makes the same request. Gone once a provider has it.
CREATE TABLE messages (
    notification_id uuid PRIMARY KEY REFERENCES notifications (id),
    user_id         uuid NOT NULL,
    address         text NOT NULL,
    subject         text NOT NULL,
    body            text NOT NULL,
    html            text
);
CREATE INDEX messages_by_user ON messages (user_id);

-- Who must stay forgotten, whatever arrives late about them.
CREATE TABLE erased_users (
    user_id   uuid        PRIMARY KEY,
    erased_at timestamptz NOT NULL
);

-- What a user wants to be told, and how. Without a row: every mail, no text message.
CREATE TABLE contact_preferences (
    user_id    uuid        PRIMARY KEY,
    phone      text,
    email      text[]      NOT NULL,
    sms        text[]      NOT NULL,
    updated_at timestamptz NOT NULL,
    CHECK (email <@ ARRAY ['account', 'orders', 'payments', 'security']),
    CHECK (sms <@ ARRAY ['account', 'orders', 'payments', 'security']),
    CHECK ('security' = ANY (email)),
    CHECK (phone IS NOT NULL OR cardinality(sms) = 0)
);
INSERT INTO contact_preferences (user_id, email, sms, updated_at)
SELECT user_id, ARRAY ['security'], ARRAY []::text[], now() FROM preferences WHERE channel = 'email' AND NOT enabled;
DROP TABLE preferences;

-- A mail has a second body; a text message has no subject.
ALTER TABLE templates ADD COLUMN html text;
ALTER TABLE templates ADD CONSTRAINT templates_fit_channel CHECK (channel = 'sms' OR (html IS NOT NULL AND subject <> '')) NOT VALID;
UPDATE templates SET html = '<p>' || body || '</p>' WHERE channel = 'email';
ALTER TABLE templates VALIDATE CONSTRAINT templates_fit_channel;

INSERT INTO templates (name, channel, subject, body, html) VALUES
    ('email_changed', 'email', 'Your e-mail address was changed',
     'Hello {{ first_name }}, the e-mail address of your EcoTrack account was changed. If this was not you, please contact us.',
     '<p>Hello {{ first_name }}, the e-mail address of your EcoTrack account was changed. If this was not you, please contact us.</p>');
INSERT INTO templates (name, channel, subject, body) VALUES
    ('welcome', 'sms', '', 'EcoTrack: welcome, {{ first_name }}.'),
    ('email_changed', 'sms', '', 'EcoTrack: the e-mail address of your account was changed. Not you? Please contact us.'),
    ('order_created', 'sms', '', 'EcoTrack: your order {{ order_id }} over {{ amount }} {{ currency }} is reserved for you.'),
    ('order_completed', 'sms', '', 'EcoTrack: your order {{ order_id }} is complete.'),
    ('order_cancelled', 'sms', '', 'EcoTrack: your order {{ order_id }} was cancelled.'),
    ('payment_processed', 'sms', '', 'EcoTrack: we received {{ amount }} {{ currency }} for order {{ order_id }}.'),
    ('payment_failed', 'sms', '', 'EcoTrack: your payment of {{ amount }} {{ currency }} for order {{ order_id }} was refused.'),
    ('payment_refunded', 'sms', '', 'EcoTrack: we refunded {{ amount }} {{ currency }} for order {{ order_id }}.');
