namespace Resilience.LoadTests;

/// <summary>Finds a load test by its name and runs it: <c>LoadTests NAME [--key value ...]</c>.</summary>
internal static class LoadTestRunner
{
    private static readonly Dictionary<string, Func<string[], Task<int>>> Tests = new(StringComparer.OrdinalIgnoreCase);

    public static int Run(string[] args)
    {
        if (args.Length > 0 && Tests.TryGetValue(args[0], out var test))
        {
            return test(args[1..]).GetAwaiter().GetResult();
        }

        Console.Error.WriteLine($"Name one of: {string.Join(", ", Tests.Keys.Order())}");
        return 2;
    }
}
