using System.CommandLine;
using Bioproxy.Host.Configuration;

namespace Bioproxy.Host.CommandLine;

/// <summary><c>bioproxy key …</c></summary>
internal static class KeyCommands
{
    public static Command Make(Func<string, CancellationToken, Task<int>> act)
    {
        var name = new Argument<string>("name") { Description = "Whose key it is: its name in api_keys, or admin for admin_key." };
        name.Validators.Add(result =>
        {
            if (!ConfiguredName.IsValid(result.GetValue(name) ?? ""))
                result.AddError($"A name has {ConfiguredName.Accepted}.");
        });
        var make = new Command("new", "Make a key, and print it with the hash for the configuration. It is stored nowhere.") { name };
        make.SetAction((result, token) => act(result.GetValue(name)!, token));
        return new Command("key", "Keys of clients (api_keys) and of the admin port (admin_key).") { make };
    }
}
