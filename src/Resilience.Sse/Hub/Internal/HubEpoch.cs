using System.Text;

namespace Resilience.Sse;

/// <summary>The life of a sequence. A client that comes with another epoch's id is told of a gap. Immutable.</summary>
internal sealed class HubEpoch
{
    /// <summary>The version of the id format; the first character of every epoch.</summary>
    public const char FormatVersion = '1';

    private const string Alphabet = "0123456789abcdefghijklmnopqrstuvwxyz";

    public HubEpoch(string text)
    {
        Text = text;
        IdPrefix = Encoding.ASCII.GetBytes($"id: {text}.");
    }

    public string Text { get; }

    /// <summary><c>id: epoch.</c></summary>
    public byte[] IdPrefix { get; }

    public static HubEpoch Create(Random random) => new(FormatVersion + new string(random.GetItems<char>(Alphabet, 8)));
}
