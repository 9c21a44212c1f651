using Bioproxy.Host.Http;
using Bioproxy.Host.Models.Slots;

namespace Bioproxy.Host.Models;

/// <summary>
/// One model on one backend across process lifetimes. The queue stands here, because requests that wait outlive a restart of the server;
/// everything that dies with the process belongs to the <see cref="ModelInstance"/>.
/// </summary>
internal sealed class ServedModel(SlotQueue queue, ModelInstance current, BackendSender sender)
{
    public SlotQueue Queue => queue;

    /// <summary>The instance that serves now. Read it once a request, when its lease has been granted.</summary>
    public ModelInstance Current => current;

    public BackendSender Sender => sender;
}
