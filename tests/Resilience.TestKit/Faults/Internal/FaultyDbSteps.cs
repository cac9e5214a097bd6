using System.Data.Common;

namespace Resilience.TestKit.Faults.Internal;

/// <summary>Runs the steps of the database wrappers through the script.</summary>
internal sealed class FaultyDbSteps(FaultScript script, Func<string, string> nameCommand, bool breakOnFault)
{
    public string NameOf(string commandText) => nameCommand(commandText);

    public T Run<T>(DbConnection real, string point, Func<T> effect)
    {
        try
        {
            return script.Run(point, effect);
        }
        catch when (breakOnFault)
        {
            real.Close();
            throw;
        }
    }

    public async Task<T> RunAsync<T>(DbConnection real, string point, Func<Task<T>> effect, CancellationToken cancellationToken)
    {
        try
        {
            return await script.RunAsync(point, () => new ValueTask<T>(effect()), cancellationToken).ConfigureAwait(false);
        }
        catch when (breakOnFault)
        {
            await real.CloseAsync().ConfigureAwait(false);
            throw;
        }
    }

    public Task RunAsync(DbConnection real, string point, Func<Task> effect, CancellationToken cancellationToken) =>
        RunAsync(
            real,
            point,
            async () =>
            {
                await effect().ConfigureAwait(false);
                return true;
            },
            cancellationToken);
}
