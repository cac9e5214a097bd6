namespace Resilience.Queues;

/// <summary>A message on its way into a store.</summary>
/// <typeparam name="T">The type of the item.</typeparam>
/// <param name="Item">What is delivered.</param>
/// <param name="Delay">How long the message is invisible; zero or more.</param>
/// <param name="Id">The caller's id, or <see langword="null"/>: the store makes one.</param>
/// <param name="TraceParent">The W3C trace parent of the caller, or <see langword="null"/>.</param>
/// <param name="TraceState">The W3C trace state of the caller, or <see langword="null"/>.</param>
public readonly record struct NewMessage<T>(T Item, TimeSpan Delay, string? Id, string? TraceParent, string? TraceState);
