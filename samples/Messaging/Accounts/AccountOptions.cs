using System.ComponentModel.DataAnnotations;

namespace Messaging.Accounts;

/// <summary>The section <c>Accounts</c>.</summary>
internal sealed class AccountOptions
{
    /// <value>What registers the name of an operator, 12 to 200 characters. Without it each start makes one, and logs it while an operator is missing.</value>
    [StringLength(200, MinimumLength = 12)]
    public string? OperatorCode { get; set => field = string.IsNullOrEmpty(value) ? null : value; }
}
