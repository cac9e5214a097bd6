namespace Messaging.Accounts;

/// <summary>A user, as others see one.</summary>
public sealed record UserShape(string Id, string Name);

/// <summary>What POST /api/users takes; the code only for the name of an operator.</summary>
public sealed record Registration(string? Name, string? Password, string? OperatorCode);

/// <summary>What POST /api/session takes.</summary>
public sealed record Credentials(string? Name, string? Password);

/// <summary>The answer to a sign-in. The token is for clients other than the page, which has its cookie.</summary>
public sealed record SessionShape(string Token, DateTime ExpiresAt, UserShape User);

/// <summary>The session of the caller, without its token, and what is turned on for it.</summary>
public sealed record CurrentSession(DateTime ExpiresAt, UserShape User, bool Operator, IReadOnlyList<string> Features);
