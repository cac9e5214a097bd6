namespace Resilience.Queues;

/// <summary>One message of a batch.</summary>
/// <typeparam name="T">The type of the item.</typeparam>
/// <param name="Item">What is delivered.</param>
/// <param name="Delay">How long the message is invisible; see <see cref="EnqueueOptions.Delay"/>.</param>
/// <param name="Id">Names the message; see <see cref="EnqueueOptions.Id"/>.</param>
public readonly record struct EnqueueRequest<T>(T Item, TimeSpan Delay = default, string? Id = null);
