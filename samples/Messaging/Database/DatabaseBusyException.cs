using Resilience.Data;

namespace Messaging.Database;

/// <summary>A write that did not come through in time: locks were not free, or the connection broke in the commit. The caller may try again; answered with 503.</summary>
internal sealed class DatabaseBusyException(GuardOutcome outcome, Exception? inner)
    : Exception(
        outcome == GuardOutcome.CommitUnknown
            ? "The database broke off, and it is not certain that the change was made. Look, or send it again."
            : "The database is busy; nothing was changed. Send it again.",
        inner)
{
    internal GuardOutcome Outcome => outcome;
}
