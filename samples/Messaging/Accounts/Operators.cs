using Microsoft.AspNetCore.Authorization;

namespace Messaging.Accounts;

/// <summary>
/// The users who run the system: those named in the setting <c>Operators</c> (a list, or names with commas between); where it is empty, the first user
/// who registered.
/// </summary>
internal sealed class Operators(IConfiguration configuration, Users users) : IAuthorizationHandler
{
    internal const string Policy = "Operators";

    internal async Task<bool> IncludeAsync(Caller caller, CancellationToken cancellationToken)
    {
        var named = Named();
        return named.Count > 0 ? named.Contains(Users.Key(caller.Name)) : await users.IsFirstAsync(caller.UserId, cancellationToken);
    }

    public async Task HandleAsync(AuthorizationHandlerContext context)
    {
        foreach (var requirement in context.PendingRequirements.OfType<OperatorRequirement>().ToList())
        {
            if (context.User.Identity is { IsAuthenticated: true } && await IncludeAsync(Caller.Of(context.User), CancellationToken.None))
            {
                context.Succeed(requirement);
            }
        }
    }

    /// <summary>Whether the setting names the one who has this name.</summary>
    internal bool IsNamed(string name) => Named().Contains(Users.Key(name));

    /// <summary>The configured names that no user has.</summary>
    internal async Task<IReadOnlyList<string>> MissingAsync(CancellationToken cancellationToken)
    {
        var missing = new List<string>();
        foreach (var name in Named().Order(StringComparer.Ordinal))
        {
            if (await users.FindAsync(name, cancellationToken) is null)
            {
                missing.Add(name);
            }
        }

        return missing;
    }

    private HashSet<string> Named()
    {
        var section = configuration.GetSection("Operators");
        var names = section.Get<string[]>() is { Length: > 0 } list ? list : (section.Value ?? string.Empty).Split(',');
        return names.Select(Users.Key).Where(static name => name.Length > 0).ToHashSet(StringComparer.Ordinal);
    }
}

/// <summary>What the policy <see cref="Operators.Policy"/> asks for.</summary>
internal sealed class OperatorRequirement : IAuthorizationRequirement;
