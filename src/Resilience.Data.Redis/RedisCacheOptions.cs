using System.ComponentModel.DataAnnotations;
using Resilience.Shared;

namespace Resilience.Data.Redis;

/// <summary>Settings of the shared level on Redis; see docs/data.md.</summary>
public sealed class RedisCacheOptions
{
    /// <summary>Gets or sets the client's configuration, such as <c>localhost:6379</c>.</summary>
    /// <value>Default none: the registered <c>IConnectionMultiplexer</c> is used.</value>
    public string? Configuration { get; set; }

    /// <summary>Gets or sets what the names of all records and of the channel begin with; nodes of one application share it.</summary>
    /// <value>Default <c>rdc</c>; 1 to 64 letters, digits, dots, hyphens and underscores.</value>
    [RegularExpression("^[A-Za-z0-9._-]{1,64}$", ErrorMessage = "KeyPrefix must be 1 to 64 letters, digits, dots, hyphens and underscores.")]
    public string KeyPrefix { get; set; } = "rdc";

    /// <summary>
    /// Gets or sets into how many groups keys are divided. The records of a group share a slot of a cluster, and a call of many keys takes one round trip per group.
    /// </summary>
    /// <value>Default 1 (no cluster); 1 to 256. All nodes must agree.</value>
    [Bounds(1, 256)]
    public int SlotGroups { get; set; } = 1;
}
