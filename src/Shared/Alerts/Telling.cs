namespace Resilience.Shared;

/// <summary>Where the faults of listeners, log providers and callbacks end: telling must not lose work or stop a loop.</summary>
internal static class Telling
{
    public static void Guard(Action tell)
    {
        try
        {
            tell();
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // There is nobody left to tell.
        }
    }
}
