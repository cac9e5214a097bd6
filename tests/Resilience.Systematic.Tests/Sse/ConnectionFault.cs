namespace Resilience.Systematic.Tests.Sse;

/// <summary>Faults that are planted around a connection's end.</summary>
public enum ConnectionFault
{
    /// <summary>The package as it is shipped.</summary>
    None,

    /// <summary>An unsubscription returns before it takes effect.</summary>
    UnsubscribesLate,

    /// <summary>Whoever asks for the end gives the slot back, as the connection's own flow does.</summary>
    ReleasesTwice,

    /// <summary>Whoever asks for the end writes the last words himself.</summary>
    WritesLastWordsItself,

    /// <summary>A connection that is admitted while a drain begins does not look again.</summary>
    LooksOnceForTheDrain,

    /// <summary>The limit is looked at first and counted later.</summary>
    CountsAfterTheLook,

    /// <summary>The drain looks whether all have gone before it can be told.</summary>
    LooksBeforeItCanBeTold,
}
