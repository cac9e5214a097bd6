namespace Resilience.Storage.Internal;

/// <summary>The sweep must stop: the picture is implausible, or the database failed.</summary>
internal sealed class SweepAbortedException(string reason, Exception? inner = null) : Exception(reason, inner)
{
    public string Reason => Message;
}
