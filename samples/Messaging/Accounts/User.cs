using Messaging.Http;

namespace Messaging.Accounts;

/// <summary>A row of <c>users</c>.</summary>
internal sealed class User
{
    public long Id { get; set; }

    public string Name { get; set; } = string.Empty;

    public string PasswordHash { get; set; } = string.Empty;

    internal UserShape ToShape() => new(Ids.Format(Id), Name);
}
