namespace Resilience.TestKit.History;

/// <summary>A place in a log: the number of the last entry that was seen, within one life of the log.</summary>
/// <param name="Epoch">Changes when the log begins anew.</param>
/// <param name="Offset">The entry's number; the first is 1.</param>
public readonly record struct StreamPosition(string Epoch, long Offset)
{
    /// <summary>The entry after this one.</summary>
    public StreamPosition Next => this with { Offset = Offset + 1 };

    /// <inheritdoc />
    public override string ToString() => $"{Epoch}:{Offset}";
}
