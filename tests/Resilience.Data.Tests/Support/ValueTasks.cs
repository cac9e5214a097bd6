namespace Resilience.Data.Tests.Support;

internal static class ValueTasks
{
    public static async ValueTask AsVoid<T>(this ValueTask<T> task) => await task;
}
