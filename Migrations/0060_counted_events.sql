-- Leads from a count to the events that it is made of, however long a camera's history is.

-- A camera's readings by the minute in which they were observed, the first 16 characters of the instant's text: in UTC, so
-- that texts sort as instants do. Readings of one minute share an entry.
create index events_counted on events (stream, (left(data ->> 'observed_at', 16) collate "C"))
where type = 'CountReadingRecorded';

-- The readings of one take of a recording, the last minute first.
create index events_of_takes on events (stream, (data ->> 'take'), (left(data ->> 'observed_at', 16) collate "C"))
where type = 'CountReadingRecorded' and data ? 'take';

-- What changes counts afterwards.
create index events_recounting on events (type, stream)
where type in ('CountCorrected', 'RecordingTakeBegan', 'RecordingTakeEnded');
