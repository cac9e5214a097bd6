using System.Globalization;

namespace Resilience.TestKit;

/// <summary>
/// The check of a Redis package as users get it: it is compiled against a client that is not run here, so everything that it names of that client must be in the
/// client's metadata. The project imports <c>PublishedClientCheck.targets</c>, which puts the files into a folder beside the tests.
/// </summary>
public static class PublishedClient
{
    private const string Client = "StackExchange.Redis";

    /// <summary>The client's assembly beside the tests.</summary>
    public static string ClientPath => PathOf(Client);

    /// <summary>The package's assembly as it is published.</summary>
    /// <param name="package">The name of the package.</param>
    public static string PathOf(string package) => Path.Combine(AppContext.BaseDirectory, "published", package + ".dll");

    /// <summary>What is wrong with a published assembly, one line each; empty when all is well.</summary>
    /// <param name="assembly">The assembly; its content is read and closed.</param>
    public static IReadOnlyList<string> Check(Stream assembly)
    {
        using var package = new AssemblyMetadata(assembly);
        using var client = AssemblyMetadata.Open(ClientPath);
        if (package.ReferenceTo(Client) is not { } reference)
        {
            return [];
        }

        var problems = package.UsedOf(Client).Except(client.Defined()).Select(missing => $"{client.Name} has no {missing}.").ToList();
        if (reference.Version != client.Name.Version || reference.GetPublicKeyToken() is not { Length: > 0 })
        {
            problems.Insert(0, string.Create(CultureInfo.InvariantCulture, $"{package.Name.Name} refers to {reference}, not to {client.Name}."));
        }

        return problems;
    }

    /// <summary>How many types and members of the client an assembly names.</summary>
    /// <param name="path">The assembly.</param>
    public static int CountUses(string path)
    {
        using var package = AssemblyMetadata.Open(path);
        return package.UsedOf(Client).Count;
    }
}
