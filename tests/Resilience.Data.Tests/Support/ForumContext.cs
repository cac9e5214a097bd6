using Microsoft.EntityFrameworkCore;

namespace Resilience.Data.Tests.Support;

internal sealed class ForumContext(DbContextOptions<ForumContext> options) : DbContext(options)
{
    public DbSet<Message> Messages => Set<Message>();

    public DbSet<Channel> Channels => Set<Channel>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Message>(static entity =>
        {
            entity.ToTable("messages");
            entity.Property(static m => m.Id).HasColumnName("id").ValueGeneratedNever();
            entity.Property(static m => m.ChannelId).HasColumnName("channel_id");
            entity.Property(static m => m.AuthorId).HasColumnName("author_id");
            entity.Property(static m => m.Text).HasColumnName("text");
            entity.Property(static m => m.Edits).HasColumnName("edits");
        });
        modelBuilder.Entity<Channel>(static entity =>
        {
            entity.ToTable("channels");
            entity.Property(static c => c.Id).HasColumnName("id").ValueGeneratedNever();
            entity.Property(static c => c.Name).HasColumnName("name");
        });
    }
}

internal sealed class Message
{
    public int Id { get; set; }

    public int ChannelId { get; set; }

    public int AuthorId { get; set; }

    public string Text { get; set; } = "";

    public int Edits { get; set; }
}

internal sealed class Channel
{
    public int Id { get; set; }

    public string Name { get; set; } = "";
}
