namespace Resilience.Sse;

/// <summary>The kinds of errors: the closed set of the tag.</summary>
internal static class ErrorKinds
{
    public const string Send = "send";
    public const string Validation = "validation";
    public const string Producer = "producer";
    public const string Handler = "handler";
    public const string Observer = "observer";
    public const string Internal = "internal";

    public static readonly string[] All = [Send, Validation, Producer, Handler, Observer, Internal];
}
