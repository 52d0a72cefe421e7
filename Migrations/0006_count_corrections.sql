-- Corrections are few among millions of readings. Whoever looks for them alone (each range that is applied to a read
-- model, each explanation of a count) finds them here; an event of another type costs this index nothing.
create index events_corrections on events (stream, position) where type = 'CountCorrected';
