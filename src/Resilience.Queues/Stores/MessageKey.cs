using System.Globalization;

namespace Resilience.Queues;

/// <summary>
/// Names a message within its store: by a text, or by two numbers that become text only when somebody asks, so that a message without an id of its own costs no
/// string. Immutable.
/// </summary>
public readonly record struct MessageKey
{
    /// <summary>The first character of ids that the queue makes itself; ids of callers do not begin with it.</summary>
    public const char GeneratedPrefix = '~';

    /// <summary>Names a message by a text.</summary>
    /// <param name="text">The id.</param>
    public MessageKey(string text)
    {
        ArgumentException.ThrowIfNullOrEmpty(text);
        Text = text;
    }

    /// <summary>Names a message by its place and a number that is used once.</summary>
    /// <param name="slot">The place in the store.</param>
    /// <param name="sequence">The number.</param>
    public MessageKey(int slot, long sequence)
    {
        Slot = slot;
        Sequence = sequence;
    }

    /// <summary>The id, where the message has one as text.</summary>
    public string? Text { get; }

    /// <summary>The place in the store; meaningless when <see cref="Text"/> is set.</summary>
    public int Slot { get; }

    /// <summary>A number that the store uses once; meaningless when <see cref="Text"/> is set.</summary>
    public long Sequence { get; }

    /// <summary>Reads what <see cref="ToString"/> wrote. A text that is no generated id names a message by itself.</summary>
    /// <param name="id">The id.</param>
    /// <returns>The key.</returns>
    public static MessageKey Parse(string id)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        var separator = id.IndexOf('-', StringComparison.Ordinal);
        return id[0] == GeneratedPrefix && separator > 0
            && int.TryParse(id.AsSpan(1, separator - 1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var slot)
            && long.TryParse(id.AsSpan(separator + 1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var sequence)
            && slot >= 0
                ? new MessageKey(slot, sequence)
                : new MessageKey(id);
    }

    /// <summary>The id as text.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => Text ?? string.Create(CultureInfo.InvariantCulture, $"{GeneratedPrefix}{Slot:x}-{Sequence:x}");
}
