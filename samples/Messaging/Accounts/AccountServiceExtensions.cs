using Messaging.Database;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Identity;

namespace Messaging.Accounts;

/// <summary>Users, sessions, and who is an operator.</summary>
internal static class AccountServiceExtensions
{
    internal static WebApplicationBuilder AddAccounts(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSchema("Accounts");
        services.AddLockedTable("users", "id");
        services.AddSingleton<Users>();
        services.AddSingleton<Sessions>();
        services.AddSingleton<Passwords>();
        services.AddSingleton<WrongPasswords>();
        services.AddSingleton<IPasswordHasher<User>, PasswordHasher<User>>();
        services.Configure<PasswordHasherOptions>(builder.Configuration.GetSection("Passwords"));
        services.AddOptions<SessionOptions>().BindConfiguration("Sessions").ValidateDataAnnotations()
            .Validate(
                static o => o.Lifetime >= TimeSpan.FromSeconds(1) && o.Lifetime <= TimeSpan.FromDays(365),
                "Sessions:Lifetime must be 1 s to 365 days, for example 7.00:00:00.")
            .ValidateOnStart();
        services.AddSingleton<Operators>();
        services.AddOptions<AccountOptions>().BindConfiguration("Accounts").ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<OperatorNames>();
        services.AddHostedService(static provider => provider.GetRequiredService<OperatorNames>());
        services.AddSingleton<IAuthorizationHandler>(static provider => provider.GetRequiredService<Operators>());

        // The core services only: the rest brings data protection and its key files, which nothing here uses.
        services.AddWebEncoders();
        services.AddTransient<SessionAuthentication>();
        services.AddAuthenticationCore(static o =>
        {
            o.DefaultScheme = SessionAuthentication.SchemeName;
            o.AddScheme<SessionAuthentication>(SessionAuthentication.SchemeName, null);
        });
        services.AddAuthorizationBuilder().AddPolicy(Operators.Policy, static policy => policy.AddRequirements(new OperatorRequirement()));
        return builder;
    }
}
