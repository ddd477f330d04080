CREATE TABLE tenant (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  slug text NOT NULL UNIQUE,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

-- the tenant of the development set-up
INSERT INTO tenant (id, name, slug) VALUES ('707d0855-80ab-4e1f-a156-f1c4546cbf52', 'default', 'default');

-- The key that signs API tokens. One row: made at the first token, never changed afterwards.
CREATE TABLE signing_key (
  only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  key_id text NOT NULL,
  private_jwk jsonb NOT NULL,
  public_jwk jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
