-- Finds what belongs to one request, and what an event led to. As with events_seldom, readings and heartbeats stay out:
-- so an append of them costs one comparison more for each index, and they are found beside the events that they were
-- appended with.
create index events_correlated on events ((metadata ->> 'correlation_id'))
where type <> 'CountReadingRecorded' and type <> 'HeartbeatRecorded';

create index events_caused on events ((metadata ->> 'causation_id'))
where type <> 'CountReadingRecorded' and type <> 'HeartbeatRecorded' and metadata ->> 'causation_id' is not null;
