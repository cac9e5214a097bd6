namespace Resilience.Data;

/// <summary>A key to read.</summary>
/// <param name="Key">The key.</param>
/// <param name="Tags">Tags that a value stored under the token will carry.</param>
public readonly record struct SharedRead(string Key, IReadOnlyList<string> Tags);

/// <summary>What a read found.</summary>
/// <param name="Payload">The entry, or null.</param>
/// <param name="Remaining">How long the entry still lives.</param>
/// <param name="Token">Without an entry: what allows to store one, or null while a write is under way. Opaque.</param>
/// <param name="TokenAge">How long ago the key's token was made by another read, so that somebody may be loading since then; null when this read made it.</param>
public readonly record struct SharedResult(byte[]? Payload, TimeSpan Remaining, string? Token, TimeSpan? TokenAge);

/// <summary>A value to store.</summary>
/// <param name="Key">The key.</param>
/// <param name="Token">The token of the read.</param>
/// <param name="Tags">The tags of the read, in the same order.</param>
/// <param name="Payload">The value.</param>
/// <param name="Ttl">How long it lives.</param>
public readonly record struct SharedWrite(string Key, string Token, IReadOnlyList<string> Tags, byte[] Payload, TimeSpan Ttl);

/// <summary>A token that is given back.</summary>
/// <param name="Key">The key.</param>
/// <param name="Token">The token of the read.</param>
public readonly record struct SharedToken(string Key, string Token);

/// <summary>What another node invalidated; <see cref="IsReset"/>: messages may have been lost, everything local is to go.</summary>
/// <param name="Keys">The keys.</param>
/// <param name="Tags">The tags.</param>
/// <param name="IsReset">Whether everything is meant.</param>
public sealed record SharedInvalidation(IReadOnlyCollection<string> Keys, IReadOnlyCollection<string> Tags, bool IsReset = false);
