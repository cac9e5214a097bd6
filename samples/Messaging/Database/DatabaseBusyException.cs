using Resilience.Data;

namespace Messaging.Database;

/// <summary>A write that did not come through in time: locks were not free, or the connection broke in the commit. The caller may try again; answered with 503.</summary>
internal sealed class DatabaseBusyException(GuardOutcome outcome, Exception? inner)
    : Exception($"The write ended as {outcome}. It may be tried again.", inner)
{
    internal GuardOutcome Outcome => outcome;
}
