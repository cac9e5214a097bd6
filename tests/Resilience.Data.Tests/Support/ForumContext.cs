using Microsoft.EntityFrameworkCore;

namespace Resilience.Data.Tests.Support;

internal sealed class ForumContext(DbContextOptions<ForumContext> options) : DbContext(options)
{
    public DbSet<Message> Messages => Set<Message>();

    public DbSet<Channel> Channels => Set<Channel>();

    public DbSet<Member> Members => Set<Member>();

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
        modelBuilder.Entity<Member>(static entity =>
        {
            entity.ToTable("members").HasKey(static m => new { m.ChannelId, m.UserId });
            entity.Property(static m => m.ChannelId).HasColumnName("channel_id");
            entity.Property(static m => m.UserId).HasColumnName("user_id");
            entity.Property(static m => m.Role).HasColumnName("role");
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

internal sealed class Member
{
    public int ChannelId { get; set; }

    public int UserId { get; set; }

    public string Role { get; set; } = "";
}
