namespace Resilience.Storage.Internal;

/// <summary>The decision when the application brings none of its own: on values of the locked row alone, so it is taken inside the transaction.</summary>
internal abstract class InlineAuthorizer : IDeletionAuthorizer
{
    public abstract bool CanDelete(FileRecord record, DeletionContext who);

    public ValueTask<bool> CanDeleteAsync(FileRecord record, DeletionContext who, CancellationToken cancellationToken) => new(CanDelete(record, who));
}

/// <summary>Only the record's owner.</summary>
internal sealed class OwnerAuthorizer : InlineAuthorizer
{
    public override bool CanDelete(FileRecord record, DeletionContext who) => record.OwnerId is { } owner && string.Equals(owner, who.UserId, StringComparison.Ordinal);
}

/// <summary>Everyone: the application has decided before it calls.</summary>
internal sealed class AnyUserAuthorizer : InlineAuthorizer
{
    public override bool CanDelete(FileRecord record, DeletionContext who) => true;
}
