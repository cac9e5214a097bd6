namespace Resilience.Queues;

/// <summary>Counts of a queue at one instant. On several nodes every node sees the same queue: take the maximum of their figures, not the sum.</summary>
/// <param name="Size">Waiting, retrying and leased messages: what counts against <see cref="DelayedQueueOptions.MaxSize"/>.</param>
/// <param name="Ready">Messages that are due, and leases that ran out.</param>
/// <param name="Delayed">Messages that are not yet due: delayed, or waiting for a retry.</param>
/// <param name="Leased">Messages that are with a worker; a lease that ran out is counted here too until a claim notices.</param>
/// <param name="Dead">Dead letters; they do not count against the bound.</param>
/// <param name="OldestAge">How long the first due message has been waiting; zero when none is due.</param>
/// <param name="Bytes">Bytes that the store uses for the queue, estimated, or -1 when it does not know.</param>
public readonly record struct QueueStats(long Size, long Ready, long Delayed, long Leased, long Dead, TimeSpan OldestAge, long Bytes = -1);
