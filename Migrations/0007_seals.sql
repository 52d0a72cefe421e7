-- The Merkle tree over the log (RFC 9162): the event at position N is its leaf N - 1.
--
-- A seal says what the tree is after an event, and adds the leaves since the seal before it. Nothing here is ever changed
-- (functions/refuse_change.sql).

create table seals (
  -- How many events the tree has: the last position that it covers.
  size bigint primary key,
  -- The first position that the seal before it does not cover.
  first_position bigint not null unique check (first_position > 0),
  -- The leaves' hashes, 32 bytes each.
  leaves bytea not null check (octet_length(leaves) = 32 * (size - first_position + 1)),
  root bytea not null check (octet_length(root) = 32),
  -- Signatures of the checkpoint, as lines of a signed note (c2sp.org/signed-note); none where no key was there.
  signatures text not null,
  sealed_at timestamptz not null default clock_timestamp(),
  check (size >= first_position)
);

-- Random bytes: compressing them is a waste.
alter table seals alter column leaves set storage external;

-- Finds the last one with a signature.
create index seals_signed on seals (size) where signatures <> '';

-- The hashes of complete subtrees of 256 leaves (level 1), of 256 of those (level 2), and so on.
create table tree_nodes (
  index bigint not null check (index >= 0),
  level smallint not null check (level between 1 and 7),
  hash bytea not null check (octet_length(hash) = 32),
  primary key (level, index)
);
