using Microsoft.Extensions.Options;

namespace Resilience.Data;

[OptionsValidator]
internal sealed partial class GuardedTransactionOptionsValidator : IValidateOptions<GuardedTransactionOptions>;

/// <summary>Rules between properties.</summary>
internal sealed class GuardedTransactionOptionsRules : IValidateOptions<GuardedTransactionOptions>
{
    public ValidateOptionsResult Validate(string? name, GuardedTransactionOptions options)
    {
        var result = new ValidateOptionsResultBuilder();
        if (options.LockTimeout > options.StatementTimeout)
        {
            result.AddError($"LockTimeout ({options.LockTimeout}) is longer than StatementTimeout ({options.StatementTimeout}); lower it, or a wait ends as a failed statement.");
        }

        if (options.FirstDelay > options.MaxDelay)
        {
            result.AddError($"FirstDelay ({options.FirstDelay}) is longer than MaxDelay ({options.MaxDelay}); lower it.");
        }

        foreach (var table in options.LockOrder)
        {
            Check(table, result);
        }

        var twice = options.LockOrder.GroupBy(static t => t.Name, StringComparer.Ordinal).FirstOrDefault(static g => g.Skip(1).Any());
        if (twice is not null)
        {
            result.AddError($"LockOrder names '{twice.Key}' twice; a table has one place in the order.");
        }

        return result.Build();
    }

    private static void Check(LockedTable table, ValidateOptionsResultBuilder result)
    {
        try
        {
            SqlNames.Check(table.Name, nameof(table.Name), table: true);
            foreach (var column in table.Key)
            {
                SqlNames.Check(column, nameof(table.Key));
            }
        }
        catch (ArgumentException exception)
        {
            result.AddError($"LockOrder: {exception.Message}");
        }

        if (table.Key.Count == 0)
        {
            result.AddError($"LockOrder: the table '{table.Name}' has no Key; name the columns of its primary key.");
        }
    }
}
