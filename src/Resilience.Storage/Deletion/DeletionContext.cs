using System.Security.Claims;

namespace Resilience.Storage;

/// <summary>Who asks for a deletion.</summary>
/// <param name="UserId">The user's id as the audit trail shows it; compared ordinally with the record's owner. 1 to 256 characters.</param>
public sealed record DeletionContext(string UserId)
{
    /// <summary>The user's claims, for an authorizer of your own.</summary>
    public ClaimsPrincipal? User { get; init; }
}
