using FsCheck;
using FsCheck.Fluent;
using Resilience.Queues.Conformance.Model;

namespace Resilience.Queues.Conformance;

/// <summary>The model, run on a store: every store gives the model's trace, so all give the same.</summary>
public abstract class DelayedQueueStoreModelConformance
{
    /// <summary>How many lists of commands are tried.</summary>
    protected abstract int Runs { get; }

    protected abstract Task<IStoreUnderTest> CreateAsync(DelayedQueueOptions options);

    [Fact]
    public void The_store_answers_every_list_of_commands_as_the_model_does()
    {
        var property = Prop.ForAll(ModelCommand.Lists(90), commands =>
        {
            RunAsync(commands).GetAwaiter().GetResult();
            return true;
        });

        // On failure FsCheck prints the seed to replay and the shortest list that it found.
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(Runs), property);
    }

    private async Task RunAsync(ModelCommand[] commands)
    {
        var options = ModelRun.Options;
        await using var subject = await CreateAsync(options);
        await new ModelRun(subject, options).RunAsync(commands);
    }
}
