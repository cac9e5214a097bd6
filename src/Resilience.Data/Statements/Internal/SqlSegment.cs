namespace Resilience.Data;

/// <summary>A piece of a statement: either text (then <see cref="Text"/> is set) or the value of a parameter.</summary>
internal readonly record struct SqlSegment(string? Text, object? Value)
{
    public static SqlSegment Literal(string text) => new(text, null);

    public static SqlSegment Parameter(object? value) => new(null, value);
}
