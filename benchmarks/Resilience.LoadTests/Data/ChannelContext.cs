using Microsoft.EntityFrameworkCore;

namespace Resilience.LoadTests.Data;

internal sealed class ChannelContext(DbContextOptions<ChannelContext> options) : DbContext(options)
{
    public DbSet<Channel> Channels => Set<Channel>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Channel>(static entity =>
        {
            entity.ToTable("channels");
            entity.Property(static c => c.Id).HasColumnName("id");
            entity.Property(static c => c.Name).HasColumnName("name");
            entity.HasMany(static c => c.Members).WithOne().HasForeignKey(static m => m.ChannelId);
            entity.HasMany(static c => c.Messages).WithOne().HasForeignKey(static m => m.ChannelId);
        });
        modelBuilder.Entity<Member>(static entity =>
        {
            entity.ToTable("members").HasKey(static m => new { m.ChannelId, m.UserId });
            entity.Property(static m => m.ChannelId).HasColumnName("channel_id");
            entity.Property(static m => m.UserId).HasColumnName("user_id");
            entity.Property(static m => m.LastRead).HasColumnName("last_read");
        });
        modelBuilder.Entity<Message>(static entity =>
        {
            entity.ToTable("messages");
            entity.Property(static m => m.Id).HasColumnName("id");
            entity.Property(static m => m.ChannelId).HasColumnName("channel_id");
            entity.Property(static m => m.Sequence).HasColumnName("sequence");
            entity.Property(static m => m.Text).HasColumnName("text");
        });
    }
}

internal sealed class Channel
{
    public int Id { get; set; }

    public string Name { get; set; } = "";

    public List<Member> Members { get; set; } = [];

    public List<Message> Messages { get; set; } = [];

    public ChannelRow ToRow() => new(
        Id, Name, Members.Count, Messages.MaxBy(static m => m.Sequence)?.Text, Messages.Count(m => m.Sequence > Members.First(static r => r.UserId == ChannelDatabase.User).LastRead));
}

internal sealed class Member
{
    public int ChannelId { get; set; }

    public int UserId { get; set; }

    public int LastRead { get; set; }
}

internal sealed class Message
{
    public int Id { get; set; }

    public int ChannelId { get; set; }

    public int Sequence { get; set; }

    public string Text { get; set; } = "";
}
