"""The room `gradients`: losses of several tasks to `.grad`, by weights or directions made from the tasks' gradients."""

from sharewise.gradients._backward import backward
from sharewise.gradients._gramian import gramian
from sharewise.gradients._info import Info, cosines

__all__ = ["backward", "Info", "gramian", "cosines"]
