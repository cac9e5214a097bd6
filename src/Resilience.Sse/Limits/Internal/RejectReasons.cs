namespace Resilience.Sse;

/// <summary>Why a connection was refused: the closed set of the tag.</summary>
internal static class RejectReasons
{
    public const string Total = "total";
    public const string Key = "key";
    public const string Address = "address";
    public const string Rate = "rate";
    public const string Draining = "draining";
    public const string Handler = "handler";
    public const string ConnectTimeout = "connect_timeout";

    public static readonly string[] All = [Total, Key, Address, Rate, Draining, Handler, ConnectTimeout];
}
