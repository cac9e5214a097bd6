namespace Resilience.Queues.Conformance.Model;

/// <summary>A message in the model. Times are milliseconds of the test's clock.</summary>
internal sealed class ModelEntry
{
    public required string Item { get; init; }

    public required string? Id { get; init; }

    public required long Sequence { get; set; }

    /// <summary>When it is next visible: the one key that waiting, retrying and leased entries share.</summary>
    public required long Visible { get; set; }

    /// <summary>What <see cref="Visible"/> was before the lease.</summary>
    public long DueBeforeLease { get; set; }

    /// <summary>The number of the current delivery; zero when there is none.</summary>
    public int Delivery { get; set; }

    public int Failures { get; set; }

    public int Deliveries { get; set; }

    public bool IsSuspect { get; set; }

    public bool IsQuarantined { get; set; }

    public List<string> History { get; } = [];
}

/// <summary>A dead letter in the model.</summary>
internal sealed record ModelDead(ModelEntry Entry, DeadLetterReason Reason);

/// <summary>A delivery in the model, as a claim should return it.</summary>
internal readonly record struct ModelDelivery(string Item, int Number, int Failures, int Deliveries, bool IsSuspect, long Lateness);
